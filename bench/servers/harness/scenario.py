"""The passes: source, its states before and after the fix, update, then one run of the server under load with the update
coming and going.

What must hold, or the run fails:
  - wfdiff makes an update from the two states, and none from one with itself;
  - the unpatched server shows the old behaviour on every connection, and the exploit kills it, or does what harm it does;
  - after apply every connection shows the new behaviour, opened before or after, and the exploit is answered;
  - after revert all show the old behaviour, after the next apply the new one again, for as many rounds as asked;
  - no request of the load fails, and the process that began is the process that ends, by SIGTERM, with the
    status that it always ends with.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

from . import build, debian, figures, live, load, series

ROOT = Path(__file__).resolve().parents[3]


class Mismatch(Exception):
    """The server did not behave as it must."""


def run(server):
    """The whole command line of a server's executable; returns the exit status."""
    options = _arguments(server)
    work = options.build / "servers" / server.name
    try:
        return _passes(server, options, work.resolve())
    except (debian.SourceError, build.BuildError, live.LiveError, load.LoadFailed, Mismatch) as error:
        print(f"{server.name}: FAILED: {error}", file=sys.stderr)
        print(f"{server.name}: logs are in {work}", file=sys.stderr)
        return 1


def _arguments(server):
    parser = argparse.ArgumentParser(description=f"Updates Debian's {server.package} live, under load: {server.fix}")
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="wfpatch's build folder (default: build)")
    parser.add_argument("--clang", default="/usr/lib/llvm-22/bin/clang", help="the clang that the plugin was built for")
    parser.add_argument("--short", action="store_true", help="few rounds: what scripts/test runs")
    parser.add_argument("--rounds", type=int, help="apply/revert rounds after the first (default 100; 3 with --short)")
    parser.add_argument("--rate", type=float, help=f"requests per second (default {server.rate}; at most 3000 with --short)")
    parser.add_argument("--threads", type=int, default=4, help="worker threads of the server")
    parser.add_argument("--connections", type=int, default=16)
    options = parser.parse_args()
    options.build = options.build.resolve()
    options.rounds = options.rounds if options.rounds is not None else (3 if options.short else 100)
    options.rate = options.rate if options.rate is not None else (min(server.rate, 3000) if options.short else server.rate)
    return options


def _passes(server, options, work):
    work.mkdir(parents=True, exist_ok=True)
    toolchain = build.Toolchain(options.build, options.clang)
    toolchain.require()

    source = debian.fetch_for(server, work)
    old, update, diff_seconds = series.Series(server, source, toolchain, work, log=_say).updated_pair()
    _say(f"update {update} ({update.stat().st_size} bytes) made in {diff_seconds:.2f} s")

    results = {
        "server": server.name,
        "version": source.version,
        "fix": server.fix,
        "machine": figures.machine(),
        "update_bytes": update.stat().st_size,
        "wfdiff_seconds": round(diff_seconds, 3),
    }
    _check_exploit_harms(server, old, work)
    results.update(_run_live(server, options, toolchain, old, update, work))
    return _report(server, results, work)


def _say(text):
    print(text, flush=True)


def _check_exploit_harms(server, tree, work):
    """Shows on a process of its own that the fix is needed."""
    with live.started(server, tree, work, "victim", threads=2) as (child, ports):
        before = live.processes(child.pid)
        answer = server.exploit(ports)
        if answer and server.is_harmed(answer):
            _say(f"unpatched server, exploited: {answer.decode()}")
            return
        if answer != b"":
            raise Mismatch(f"the unpatched server survived the exploit and answered {answer[:80]!r}")
        # A process of a prefork server dies alone, and its master makes another.
        live.wait_until(lambda: not all(map(live.runs, before)), 10, "the exploited process to die")
        died = "a process of it" if len(before) > 1 else f"signal {-child.wait(10)}"
    _say(f"unpatched server, exploited: killed ({died})")


class _Witnesses:
    """Connections opened before an update, spread over the server's threads, asked again and again."""

    def __init__(self, server, ports, count):
        self.server, self.ports = server, ports
        self.connections = [server.connect(ports) for _ in range(count)]

    def expect(self, wanted, when):
        for connection in [*self.connections, None]:
            seen = self.server.probe(self.ports, connection)
            if seen != wanted:
                age = "a new" if connection is None else "an old"
                raise Mismatch(f"{when}: {age} connection saw the {seen} code, not the {wanted}")


def _run_live(server, options, toolchain, old, update, work):
    with live.started(server, old, work, "server", options.threads) as (child, ports):
        pids = live.lasting_processes(server, child)
        wfpatch = live.Wfpatch(toolchain.tool("wfpatch"), child.pid)
        witnesses = _Witnesses(server, ports, 3 * options.threads)
        witnesses.expect("old", "before any update")

        def come_and_go():
            rounds = [_round(wfpatch, update, witnesses, number) for number in range(options.rounds + 1)]
            last = _change(wfpatch, lambda: wfpatch.apply(update))
            witnesses.expect("new", "after the last apply")
            return rounds, last

        def loaded(name, action):
            return _under_load(server, options, toolchain, old, ports, work / f"load-{name}", action)

        quiet_load, _ = loaded("none", lambda: time.sleep(1 if options.short else 15))
        begin = time.monotonic()
        busy_load, (rounds, last) = loaded("updates", come_and_go)
        elapsed = time.monotonic() - begin

        exploited = server.exploit(ports)
        if not exploited or not server.is_refusal(exploited):
            raise Mismatch(f"the patched server answered the exploit with {exploited[:80]!r}")
        threads = sum(len(status["threads"]) for status in wfpatch.status())
        live.must_be_those(server, child, pids)
        server_status = child.stop()
    if server_status != server.status_at_end:
        raise Mismatch(f"the server ended with status {server_status} on SIGTERM, see {child.log}")
    applied = [r["apply"] for r in rounds] + [last]
    return {
        "threads": threads,
        "functions": last.get("functions"),
        "applies": len(applied),
        "reverts": len(rounds),
        "update_seconds": round(elapsed, 3),
        "apply_us_median": _median(r.get("apply_us") for r in applied),
        "apply_us_max": max((r["apply_us"] for r in applied if r.get("apply_us") is not None), default=None),
        "settle_us_median": _median(r.get("settle_us") for r in applied),
        "settle_us_max": max((r["settle_us"] for r in applied if r.get("settle_us") is not None), default=None),
        "load_without_updates": quiet_load,
        "load": busy_load,
    }


def _under_load(server, options, toolchain, tree, ports, path, action):
    """Runs action() while the load runs; returns the load's report, in which no request may have failed, and its result."""
    with load.Load(server, toolchain, tree, ports, path, options.connections, options.rate) as running:
        time.sleep(1)  # the load's first requests only fill the cache; updates come while it reads
        result = action()
        time.sleep(0.5)
        return running.finish(), result


def _round(wfpatch, update, witnesses, number):
    applied = _change(wfpatch, lambda: wfpatch.apply(update))
    witnesses.expect("new", f"round {number}, after apply")
    reverted = _change(wfpatch, wfpatch.revert)
    witnesses.expect("old", f"round {number}, after revert")
    return {"apply": applied, "revert": reverted}


def _change(wfpatch, action):
    """The change's row, with the longest times of any process."""
    action()
    rows = wfpatch.wait_settled()
    return {**rows[0], **{key: max(row[key] for row in rows) for key in ("apply_us", "settle_us")}}


def _median(values):
    known = [v for v in values if v is not None]
    return statistics.median(known) if known else None


def _report(server, results, work):
    answers = results["load"]
    text = "\n".join([
        f"{server.name} {results['version']}, {results['fix']}, on {results['machine']}",
        f"  update        {results['functions']} functions, {results['update_bytes']} bytes,"
        f" wfdiff {results['wfdiff_seconds']} s",
        f"  changes       {results['applies']} applied, {results['reverts']} reverted,"
        f" {results['threads']} threads, in {results['update_seconds']} s",
        f"  apply         median {results['apply_us_median']} us, max {results['apply_us_max']} us",
        f"  all moved     median {results['settle_us_median']} us, max {results['settle_us_max']} us",
        f"  requests      {answers['answered']} answered, {answers['failed']} failed, on {answers['connections']} connections",
        f"  latency       {_latencies(answers)}",
        f"    no updates  {_latencies(results['load_without_updates'])}",
    ])
    (work / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    (work / "results.txt").write_text(text + "\n")
    print(text)
    print(f"  written to    {work}/results.json")
    return 0


def _latencies(report):
    return f"p50 {report['p50_us']} us, p99 {report['p99_us']} us, p99.9 {report['p999_us']} us, max {report['max_us']} us"
