# Installs what is missing, by apt. Sourced, never run.
#
# A need is written `[command:]package[|package...]`: it is met when the command is on the PATH, or when one of
# the packages is installed; else the first package that this system offers is installed.
# ROOMCAST_NO_INSTALL=1 installs nothing: the build then says itself what it misses.
# shellcheck shell=bash

# shellcheck disable=SC2034 # for those that source this
build_needs=(c++:g++ cmake:cmake ninja:ninja-build libcaf-dev
  "libboost1.81-dev|libboost1.83-dev|libboost-dev" nlohmann-json3-dev libssl-dev)
# shellcheck disable=SC2034
build_wishes=(ccache:ccache)

say() { printf '%s\n' "$*" >&2; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

# Prints the needs that are not met, one a line. One dpkg-query for all: this runs at every start.
unmet() {
  local need command installed
  installed=" $(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null |
    sed -n 's/^installed //p' | tr '\n' ' ')"
  for need in "$@"; do
    command=
    case $need in *:*) command=${need%%:*} need=${need#*:} ;; esac
    if [ -n "$command" ] && command -v "$command" >/dev/null; then continue; fi
    local package met=
    for package in ${need//|/ }; do
      case $installed in *" $package "*) met=1 ;; esac
    done
    [ -n "$met" ] || printf '%s\n' "$need"
  done
}

# The first of `a|b|c` that apt can install; nothing when there is none.
first_available() {
  local package
  for package in ${1//|/ }; do
    case $(apt-cache policy "$package" 2>/dev/null) in
    *"Candidate: (none)"*) ;;
    *"Candidate: "*) printf '%s\n' "$package" && return ;;
    esac
  done
}

# install_packages NEED...: fails when something is missing and cannot be installed.
install_packages() {
  local missing need package
  local -a names=() unknown=()
  mapfile -t missing < <(unmet "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ -n "${ROOMCAST_NO_INSTALL:-}" ] || ! command -v apt-get >/dev/null; then
    say "roomcast: not installed here, but needed: ${missing[*]}"
    return 0
  fi
  as_root apt-get -qq update >&2 || say "roomcast: apt-get update failed; trying with the lists there are"
  for need in "${missing[@]}"; do
    package=$(first_available "$need")
    if [ -n "$package" ]; then names+=("$package"); else unknown+=("$need"); fi
  done
  if [ ${#unknown[@]} -gt 0 ]; then
    say "roomcast: apt does not offer: ${unknown[*]} (Debian 12 and Ubuntu 24.04 with universe do)"
    return 1
  fi
  say "roomcast: installing by apt: ${names[*]}"
  apt_install "${names[@]}"
}

# Quiet unless it fails.
apt_install() {
  local log
  log=$(mktemp)
  if as_root env DEBIAN_FRONTEND=noninteractive apt-get -y -q --no-install-recommends install "$@" \
    </dev/null >"$log" 2>&1; then
    rm -f "$log"
    return 0
  fi
  cat "$log" >&2
  rm -f "$log"
  return 1
}

# wish_packages NEED...: the same, but going without is all right.
wish_packages() {
  local missing
  mapfile -t missing < <(unmet "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  (install_packages "$@") || say "roomcast: going on without ${missing[*]}"
}
