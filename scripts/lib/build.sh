# Configures and builds a CMake preset. Sourced, never run; needs packages.sh and the repository root as
# working directory.
# shellcheck shell=bash

# Compiling one of our files takes up to 1.5 GB: no more jobs at a time than memory holds, and never under one.
build_jobs() {
  local cores free_kb limit
  cores=$(nproc)
  free_kb=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo 2>/dev/null)
  free_kb=${free_kb:-1572864}
  if read -r limit 2>/dev/null </sys/fs/cgroup/memory.max && [ "$limit" != max ]; then
    [ $((limit / 1024)) -ge "$free_kb" ] || free_kb=$((limit / 1024))
  fi
  local fit=$((free_kb / 1572864))
  [ "$fit" -ge 1 ] || fit=1
  if [ "$fit" -lt "$cores" ]; then echo "$fit"; else echo "$cores"; fi
}

# configure PRESET [CMAKE_ARGS...]: only where it is new or the presets changed; ninja itself sees to the rest.
# A build folder that came from elsewhere (copied, or of a moved checkout) is configured afresh.
configure() {
  local preset=$1 dir=build/$1
  shift
  local -a fresh=()
  if [ -f "$dir/CMakeCache.txt" ]; then
    grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "$dir/CMakeCache.txt" || fresh=(--fresh)
    if [ ${#fresh[@]} -eq 0 ] && [ $# -eq 0 ] && [ -f "$dir/build.ninja" ] &&
      [ "$dir/build.ninja" -nt CMakePresets.json ]; then
      return 0
    fi
  fi
  cmake --preset "$preset" "${fresh[@]}" "$@"
}

# build PRESET TARGET... [-- CMAKE_ARGS...]: one at a time per folder; prints what cmake and ninja print.
build() {
  local preset=$1
  shift
  local -a targets=()
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    targets+=("$1")
    shift
  done
  [ $# -eq 0 ] || shift
  mkdir -p "build/$preset"
  # The lock is for two `scripts/run` started at once. It must not outlive this shell: ninja's children get no fd.
  (
    flock 9
    configure "$preset" "$@" 9>&- && ninja -C "build/$preset" -j "$(build_jobs)" "${targets[@]}" 9>&-
  ) 9>"build/$preset/.lock"
}
