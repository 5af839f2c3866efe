#!/bin/bash
# Checks the protocol's model with Spin, then checks that the check can fail: each mutant leaves one precaution out, and an
# error must be found in it.
#
#   verify/run.sh [FOLDER]      FOLDER: where the verifier is built (default: a temporary one)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
model=$here/protocol.pml
work=${1:-$(mktemp -d)}
mkdir -p "$work"
"$here/crossref.sh"
cd "$work"

# verify NAME DEFINES...: Spin's report goes to NAME/report (its exit code says nothing of errors found).
# Not optimised: compiling takes longer than searching.
verify() {
  local name=$1
  shift
  mkdir -p "$name"
  (cd "$name" && spin "$@" -a "$model" && gcc -O0 -w -DSAFETY -DVECTORSZ=2048 -DCOLLAPSE -DMEMLIM=6000 -o pan pan.c)
  (cd "$name" && ./pan -m200000 -n >report 2>&1) || true
}

# All of it at once is beyond exhaustive search in the time that a test may take; each configuration has all of some of it.
alone=(-DTHREADS=1 -DROUNDS=2 -DCHANGES=2 -DSIGNALS=1)                     # handlers at all places, siglongjmp
changes=(-DTHREADS=1 -DROUNDS=2 -DCHANGES=3 -DSIGNALS=0)                   # updates and reversals, settled or not
nested=(-DTHREADS=1 -DROUNDS=1 -DCHANGES=2 -DSIGNALS=1 -DINNER=1 -DFUNCTIONS=1)  # handlers in handlers
lives=(-DTHREADS=1 -DLIVES=2 -DROUNDS=1 -DCHANGES=2 -DSIGNALS=1 -DFUNCTIONS=1)   # a record that is used again
pair=(-DTHREADS=2 -DROUNDS=1 -DCHANGES=1 -DSIGNALS=0 -DFUNCTIONS=1)        # what settling must know of all
unseen=(-DTHREADS=2 -DUNSEEN=1 -DROUNDS=1 -DCHANGES=1 -DSIGNALS=0 -DFUNCTIONS=1)

for configuration in alone changes nested lives pair unseen; do
  declare -n chosen=$configuration
  verify "$configuration" "${chosen[@]}"
  grep -q "errors: 0" "$configuration/report" || { echo "the protocol has an error"; cat "$configuration/report"; exit 1; }
  if grep -q "max search depth too small\|Search not completed" "$configuration/report"; then
    echo "$configuration: the search was cut off"
    exit 1
  fi
  echo "$configuration: no error in $(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' "$configuration/report") states"
done

# 1 no stack check  2 no entry of handlers  3 a store instead of the compare-exchange  4 settles without a look
# 5 only the newest change's ranges  6 no second look after the base view has changed  7 one mark for all handlers
for mutant in 1 2 3 4 5 6 7; do
  defines=("${alone[@]}")
  ((mutant != 6)) || defines=("${unseen[@]}")
  ((mutant != 7)) || defines=("${nested[@]}")
  verify "mutant$mutant" "${defines[@]}" -DMUTANT=$mutant
  grep -q "assertion violated" "mutant$mutant/report" ||
    { echo "mutant $mutant was not found out"; cat "mutant$mutant/report"; exit 1; }
  echo "mutant $mutant: found out"
done
