#!/bin/bash
# Checks the protocol's model with Spin, then checks that the check can fail: each mutant leaves one precaution out, and an
# error must be found in it.
#
#   verify/run.sh [FOLDER]      FOLDER: where the verifier is built (default: a temporary one)
set -euo pipefail
model=$(cd "$(dirname "$0")" && pwd)/protocol.pml
work=${1:-$(mktemp -d)}
mkdir -p "$work"
cd "$work"

# verify NAME DEFINES...: Spin's report goes to NAME/report (its exit code says nothing of errors found).
verify() {
  local name=$1
  shift
  mkdir -p "$name"
  (cd "$name" && spin "$@" -a "$model" && gcc -O2 -w -DSAFETY -DVECTORSZ=2048 -DCOLLAPSE -DMEMLIM=6000 -o pan pan.c)
  (cd "$name" && ./pan -m200000 -n >report 2>&1) || true
}

# One thread with several updates and signals; two threads, for what settling must know of all.  (Two threads with all of it are
# beyond exhaustive search in the time that a test may take.)
alone=(-DTHREADS=1 -DROUNDS=3 -DUPDATES=2 -DSIGNALS=2)
pair=(-DTHREADS=2 -DROUNDS=1 -DUPDATES=1 -DSIGNALS=0)

for configuration in alone pair; do
  declare -n defines=$configuration
  verify "$configuration" "${defines[@]}"
  grep -q "errors: 0" "$configuration/report" || { echo "the protocol has an error"; cat "$configuration/report"; exit 1; }
  if grep -q "max search depth too small" "$configuration/report"; then echo "the search was cut off"; exit 1; fi
  echo "$configuration: no error in $(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' "$configuration/report") states"
done

for mutant in 1 2 3 4; do
  verify "mutant$mutant" -DTHREADS=1 -DROUNDS=2 -DUPDATES=2 -DSIGNALS=1 -DMUTANT=$mutant
  grep -q "assertion violated" "mutant$mutant/report" ||
    { echo "mutant $mutant was not found out"; cat "mutant$mutant/report"; exit 1; }
  echo "mutant $mutant: found out"
done
