#!/bin/bash
# The model names the code's steps and the code names the model's: each step of the table at the head of protocol.pml is made, by its name, in the model,
# and marked `Model: NAME` in the file of the runtime that the table gives; and the code has no mark that the table does not have.
set -euo pipefail
cd "$(dirname "$0")/.."
model=verify/protocol.pml
failed=0
complain() { echo "crossref: $*" >&2; failed=1; }

# NAME FILE of each row; the model itself is what follows the first comment.
rows=$(sed -n '1,/^ \*\/$/s/^ \* \+\(thread \|control \)\? *\([A-Z]\{3,\}\) .* \([a-z_]*\.\(cpp\|h\)\)$/\2 \3/p' "$model")
steps=$(sed '1,/^ \*\/$/d' "$model")
[[ $(wc -l <<<"$rows") -ge 10 ]] || complain "the table of $model cannot be read"
while read -r name file; do
  grep -q "/\* $name\b" <<<"$steps" || complain "$model makes no step $name"
  path=$(find runtime -name "$file")
  [[ $path ]] && grep -q "Model: .*\b$name\b" "$path" || complain "${path:-$file} has no mark 'Model: $name'"
done <<<"$rows"
while IFS=: read -r path mark; do
  for name in ${mark#*Model:}; do
    name=${name//[^A-Z]/}
    [[ ! $name ]] || grep -qx "$name ${path##*/}" <<<"$rows" || complain "$path is marked $name, which the table of $model does not have for it"
  done
done < <(grep -ro "Model: [A-Z, ]*" runtime)
exit $failed
