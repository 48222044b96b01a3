# Runs named stages and counts what they tested. Sourced, never run; the caller defines stage_NAME for each.
# shellcheck shell=bash

usage_error() {
  echo "$(basename "$0"): $1 (--help tells more)" >&2
  exit 2
}

# count PASSED FAILED [SKIPPED]: called by a stage for the cases it ran. Stages run in subshells, hence the file.
count() { echo "$1 $2 ${3:-0}" >>build/test/counts; }

# The numbers of a ctest report, of node's test runner (spec or TAP form), of a closing line like ours.
count_junit() {
  local passed failed
  passed=$(grep -c '<testcase.* status="run"' "$1" 2>/dev/null)
  failed=$(grep -cE '<testcase.* status="(fail|notrun)"' "$1" 2>/dev/null)
  count "${passed:-0}" "${failed:-0}" # one that could not even start has failed
}

count_node_test() {
  local passed failed cancelled skipped
  passed=$(node_number pass "$1")
  failed=$(node_number fail "$1")
  cancelled=$(node_number cancelled "$1")
  skipped=$(node_number skipped "$1")
  count "$passed" $((failed + cancelled)) "$skipped"
}

# More than one runner may have printed its summary: the sum of all.
node_number() {
  sed -n "s/^\(#\|ℹ\) $1 \([0-9]*\)\$/\2/p" "$2" | awk '{sum += $1} END {print sum + 0}'
}

count_closing_line() {
  local passed failed skipped
  read -r passed failed skipped < <(sed -n \
    's/^\([0-9]*\) passed, \([0-9]*\) failed\(, \([0-9]*\) skipped\)\{0,1\}$/\1 \2 \4/p' "$1" | tail -n 1)
  count "${passed:-0}" "${failed:-0}" "${skipped:-0}"
}

# Runs one stage; prints its line; adds to passed, failed, skipped. A stage that failed counts at least one failure,
# and one without cases counts as one.
run_stage() {
  local name=$1 log=build/test/$1.log start status p=0 f=0 s=0 one_p one_f one_s
  start=$SECONDS
  : >build/test/counts
  ("stage_$name") </dev/null >"$log" 2>&1
  status=$?
  while read -r one_p one_f one_s; do
    p=$((p + one_p)) f=$((f + one_f)) s=$((s + one_s))
  done <build/test/counts
  if [ $status -ne 0 ] && [ $f -eq 0 ]; then f=1; fi
  if [ $((p + f + s)) -eq 0 ]; then p=1; fi
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  if [ $f -gt 0 ]; then
    failed_stages+=("$name")
    printf -- '--- the end of %s ---\n' "$log"
    tail -n 100 "$log"
    printf -- '---\n'
  fi
  printf '%-12s %4d passed %3d failed %3d skipped %5d s\n' "$name" $p $f $s $((SECONDS - start))
}

# run_stages NAME...: exits the script: 0 only if all passed and something was tested.
run_stages() {
  local name
  passed=0 failed=0 skipped=0 failed_stages=()
  for name in "$@"; do
    declare -F "stage_$name" >/dev/null || usage_error "no stage $name"
  done
  mkdir -p build/test
  for name in "$@"; do run_stage "$name"; done
  rm -f build/test/counts
  printf '%-12s %41d s\n' total $SECONDS
  [ ${#failed_stages[@]} -eq 0 ] || echo "failed: ${failed_stages[*]}"
  if [ $skipped -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
  else
    echo "$passed passed, $failed failed"
  fi
  [ $failed -eq 0 ] && [ $passed -gt 0 ]
  exit
}
