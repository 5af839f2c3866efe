"""The load on a server: server-load with what the server's description says of its protocol, and its report."""

import json

from . import live


class LoadFailed(Exception):
    """A request failed, or the load ended before it was told to."""


class Load(live.Child):
    """Runs until finish(), or for `seconds`; `log` is the path that its files are named after."""

    def __init__(self, server, toolchain, tree, ports, log, connections=16, rate=0, seconds=3600, warm_up=0, spin=False,
                 prefix=()):
        self.report = log.with_suffix(".json")
        self.report.unlink(missing_ok=True)
        super().__init__(
            [*prefix, toolchain.tool("server-load"), *server.load_arguments(tree, ports), f"--connections={connections}",
             f"--rate={rate}", f"--seconds={seconds}", f"--warm-up={warm_up}", *(["--spin"] if spin else []),
             f"--json={self.report}"],
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
        figures = json.loads(self.report.read_text())
        if figures["failed"] or self.process.returncode != 0:
            raise LoadFailed(f"{figures['failed']} of {figures['requests']} requests failed: {figures['failures']}")
        return figures
