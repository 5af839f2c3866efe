"""The load on a server: server-load with what the server's description says of its protocol, and its report."""

import json

from . import live


class LoadFailed(Exception):
    """A request failed, or the load ended before it was told to."""


def _command(server, toolchain, tree, ports, connections, rate, seconds, spin, prefix):
    return [*prefix, toolchain.tool("server-load"), *server.load_arguments(tree, ports), f"--connections={connections}",
            f"--rate={rate}", f"--seconds={seconds}", *(["--spin"] if spin else [])]


def _checked(report):
    if report["failed"]:
        raise LoadFailed(f"{report['failed']} of {report['requests']} requests failed: {report['failures']}")
    return report


class Load(live.Child):
    """Runs until finish(), or for `seconds`; `log` is the path that its files are named after."""

    def __init__(self, server, toolchain, tree, ports, log, connections=16, rate=0, seconds=3600, warm_up=0, spin=False,
                 slowest=0, prefix=()):
        self.report = log.with_suffix(".json")
        self.report.unlink(missing_ok=True)
        super().__init__(
            [*_command(server, toolchain, tree, ports, connections, rate, seconds, spin, prefix), f"--warm-up={warm_up}",
             f"--slowest={slowest}", f"--json={self.report}"],
            log.with_suffix(".log"),
        )

    def finish(self):
        """Ends the load and returns its report; raises if a request failed."""
        if not self.alive() and not self.report.exists():
            raise LoadFailed(f"the load ended early: {self.log.read_text()[:500]}")
        self.stop()
        return self.result()

    def result(self):
        """The report of a load that has ended."""
        report = _checked(json.loads(self.report.read_text()))
        if self.process.returncode != 0:
            raise LoadFailed(f"the load exited {self.process.returncode}: {self.log.read_text()[:500]}")
        return report


class Turns(live.Child):
    """A load that stays connected and runs for `seconds` at each turn(), as fast as answers come."""

    def __init__(self, server, toolchain, tree, ports, log, connections=16, seconds=0.1, prefix=()):
        super().__init__(_command(server, toolchain, tree, ports, connections, 0, seconds, True, prefix) + ["--turns"],
                         log.with_suffix(".log"), pipes=True)

    def turn(self):
        """Its report; raises if a request failed."""
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # it says why below
        report = self.process.stdout.readline()
        if not report:
            raise LoadFailed(f"the load ended early: {self.log.read_text()[:500]}")
        return _checked(json.loads(report))
