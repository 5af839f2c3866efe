# For test/e2e/netservice-*.test, which are bash scripts that lit runs: RUN: bash %s %root %librt
root=$1
build=$(cd "$2/.." && pwd)
. "$root/examples/netservice/netservice.bash"
update=$build/examples/netservice/update.wfp
wfpatch=$build/bin/wfpatch
netservice=$build/bin/netservice

fail() { echo "FAILED: $*" >&2; exit 1; }

# expect REQUEST ANSWER: ANSWER is a pattern, and begins with the version: "1.1: OK*".
expect() {
  local answer
  answer=$(ask "$1" | tr '\0' '.') || true
  # shellcheck disable=SC2053
  [[ $answer == $2 ]] || fail "'$1' gives '$answer', not '$2'"
}

# refused PATTERN COMMAND...: exit code 1, nothing on standard output, one line that contains PATTERN on standard error, and
# the process's text is what it was.
refused() {
  local pattern=$1 code=0 before after message
  shift
  before=$(text_digest)
  message=$("$@" 2>&1 >"$service_scratch/output") || code=$?
  after=$(text_digest)
  ((code == 1)) || fail "'$*': exit code $code instead of 1: $message"
  [[ ! -s $service_scratch/output ]] || fail "'$*': unexpected output: $(<"$service_scratch/output")"
  [[ $message == *$pattern* ]] || fail "'$*': the message does not say '$pattern': $message"
  (($(wc -l <<<"$message") == 1)) || fail "'$*': more than one line: $message"
  [[ $before == "$after" ]] || fail "'$*': the process's text has changed"
}

# A digest of all executable memory of the service but the vdso.
text_digest() {
  python3 - "$service_pid" <<'PYTHON'
import hashlib, re, sys
digest = hashlib.sha256()
with open(f"/proc/{sys.argv[1]}/maps") as maps, open(f"/proc/{sys.argv[1]}/mem", "rb") as memory:
    for line in maps:
        start, end, mode = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
        if "x" in mode and "[v" not in line:
            memory.seek(int(start, 16))
            digest.update(memory.read(int(end, 16) - int(start, 16)))
print(digest.hexdigest())
PYTHON
}

# start_load RATE CONNECTIONS: until stop_load, or for five minutes.  Returns when the first reply has come: from then on
# the load is under way, and ends with a report.
start_load() {
  rm -f "$service_scratch/load-ready"
  "$build/bin/netload" --port "$service_port" --rate "$1" --connections "$2" --seconds 300 --sleep --json \
    --ready-file "$service_scratch/load-ready" >"$service_scratch/load.json" &
  load_pid=$!
  background_pids+=("$load_pid")
  while [[ ! -e $service_scratch/load-ready ]]; do
    kill -0 "$load_pid" 2>/dev/null || fail "the load did not start"
    pause 0.01
  done
}

# stop_load VERSION...: no request failed, and just these versions have answered.
stop_load() {
  kill "$load_pid"
  wait "$load_pid" || fail "requests failed: $(<"$service_scratch/load.json")"
  background_pids=()
  python3 -c 'import json, sys
load = json.load(open(sys.argv[1]))
assert load["errors"] == 0 and load["requests"] > 0, load
assert [v for v, count in load["versions"].items() if count] == sys.argv[2:], load' "$service_scratch/load.json" "$@" ||
    fail "not just the versions $* have answered"
}

# status EXPRESSION: checks a Python expression over `s`, the JSON of wfpatch status.
status() {
  "$wfpatch" status "$service_pid" --json >"$service_scratch/status"
  python3 -c 'import json, sys
s = json.load(open(sys.argv[1]))
sys.exit(0 if eval(sys.argv[2]) else f"status: not {sys.argv[2]}: {json.dumps(s, indent=1)}")' "$service_scratch/status" "$1" ||
    fail "status"
}
