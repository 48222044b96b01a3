# A container engine of our own for one run, where there is none with a registry. Sourced, never run; needs
# packages.sh. Everything lives in $work and ends with stop_engine; images are built from Debian's packages and get
# the names that the compose file and the Dockerfile want.
# shellcheck shell=bash

# shellcheck disable=SC2034 # for those that source this
engine_needs=(dockerd:docker.io docker:docker.io docker-compose:docker-compose iptables:iptables
  debootstrap:debootstrap)

# True when this machine has an engine that runs and can have the images.
engine_is_fit() {
  command -v docker >/dev/null && docker info >/dev/null 2>&1 &&
    { docker image inspect debian:bookworm-slim >/dev/null 2>&1 || docker pull -q debian:bookworm-slim >/dev/null 2>&1; }
}

# start_engine WORK: sets DOCKER_HOST, and dockerd_pid for stop_engine.
start_engine() {
  local work=$1
  mkdir -p "$work"
  forward_policy=$(iptables -S FORWARD 2>/dev/null | sed -n 's/^-P FORWARD //p')
  had_bridge=$([ -e /sys/class/net/docker0 ] && echo yes || true)
  export DOCKER_HOST=unix://$work/docker.sock
  dockerd --host "$DOCKER_HOST" --data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/docker.pid" \
    >"$work/dockerd.log" 2>&1 </dev/null &
  dockerd_pid=$!
  local tries=100
  until docker version >/dev/null 2>&1; do
    tries=$((tries - 1))
    if [ $tries -eq 0 ] || ! kill -0 "$dockerd_pid" 2>/dev/null; then
      tail -n 20 "$work/dockerd.log" >&2
      say "roomcast: dockerd did not start"
      return 1
    fi
    sleep 0.2
  done
}

# Ends our dockerd and gives the machine's network back as it was.
stop_engine() {
  [ -n "${dockerd_pid:-}" ] || return 0
  kill "$dockerd_pid" 2>/dev/null
  wait "$dockerd_pid" 2>/dev/null
  dockerd_pid=
  [ "${forward_policy:-ACCEPT}" != ACCEPT ] || iptables -P FORWARD ACCEPT
  if [ -z "$had_bridge" ] && command -v ip >/dev/null; then ip link delete docker0 2>/dev/null; fi
  return 0
}

# stand_in_images CACHE: debian:bookworm-slim by debootstrap (its archive is kept in the folder CACHE), redis and
# haproxy from its packages.
stand_in_images() {
  local root archive=$1/rootfs.tar stand_in_log=$1/stand-in.log
  if [ ! -f "$archive" ]; then
    mkdir -p "$1"
    root=$(mktemp -d)
    debootstrap --variant=minbase bookworm "$root" >"$1/debootstrap.log" 2>&1 || {
      tail -n 20 "$1/debootstrap.log" >&2
      return 1
    }
    rm -rf "$root"/var/cache/apt/archives/*.deb
    tar -C "$root" -cf "$archive.new" . && mv "$archive.new" "$archive"
    rm -rf "$root"
  fi
  docker import "$archive" debian:bookworm-slim >/dev/null || return 1
  stand_in redis:7-bookworm redis-server <<'END' || return 1
# As the official image does: reachable from other containers.
RUN printf '#!/bin/sh\nexec "$@" --protected-mode no\n' >/entrypoint && chmod +x /entrypoint
ENTRYPOINT ["/entrypoint"]
CMD ["redis-server"]
END
  stand_in haproxy:2.8 haproxy <<'END'
STOPSIGNAL SIGUSR1
CMD ["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]
END
}

# stand_in NAME PACKAGE <MORE-LINES: an image of one Debian package.
stand_in() {
  {
    printf 'FROM debian:bookworm-slim\n'
    printf 'RUN apt-get update && apt-get install -y --no-install-recommends %s && rm -rf /var/lib/apt/lists/*\n' "$2"
    cat
  } | DOCKER_BUILDKIT=0 docker build -t "$1" - >"$stand_in_log" 2>&1 || {
    tail -n 20 "$stand_in_log" >&2
    return 1
  }
}
