# For demo, soak and tests: start netservice, talk to it, look at it, stop it.  To be sourced; needs $build, the build folder.
#
# Whatever was started is stopped by its pid when the shell ends; the service also stops by itself (--seconds).

# Sleeps SECONDS without starting a process: nothing ever comes through this descriptor.
exec {pause_descriptor}<> <(:)
pause() { read -rt "$1" -u "$pause_descriptor" || true; }

service_pid=
service_port=
service_scratch=
background_pids=()

netservice_cleanup() {
  local pid
  for pid in "${background_pids[@]}" $service_pid; do
    kill "$pid" 2>/dev/null || true
  done
  for pid in "${background_pids[@]}" $service_pid; do
    wait "$pid" 2>/dev/null || true
  done
  background_pids=()
  service_pid=
  [[ -z $service_scratch ]] || rm -rf "$service_scratch"
  service_scratch=
}
trap netservice_cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# start_service PROGRAM OPTION...: returns once it accepts connections, with $service_pid and $service_port set.  Words in the
# array $service_prefix come before the program (taskset, env ...; they must exec it).
start_service() {
  local program=$1
  shift
  service_scratch=$(mktemp -d)
  "${service_prefix[@]}" "$program" --port 0 --port-file "$service_scratch/port" "$@" >"$service_scratch/log" 2>&1 &
  service_pid=$!
  while [[ ! -s $service_scratch/port ]]; do
    if ! kill -0 "$service_pid" 2>/dev/null; then
      cat "$service_scratch/log" >&2
      echo "${0##*/}: $program did not start" >&2
      return 1
    fi
    pause 0.02
  done
  service_port=$(<"$service_scratch/port")
}

# Stops the service and returns its exit code.
stop_service() {
  local code=0 pid=$service_pid
  service_pid=
  kill "$pid" 2>/dev/null || true
  wait "$pid" || code=$?
  grep -v '^port ' "$service_scratch/log" >&2 || true
  rm -rf "$service_scratch"
  service_scratch=
  return "$code"
}

# ask "VERB ARGUMENTS": prints "VERSION: ANSWER".
ask() { "$build/bin/netload" --port "$service_port" --ask "$1"; }

service_rss_kb() { awk '/^VmRSS:/ { print $2 }' "/proc/$service_pid/status"; }
service_maps() { wc -l <"/proc/$service_pid/maps"; }
service_descriptors() { find "/proc/$service_pid/fd" -mindepth 1 | wc -l; }
service_threads() { find "/proc/$service_pid/task" -mindepth 1 -maxdepth 1 | wc -l; }
