"""The updates of a package's patches, stacked on one running server under load.

The server starts as the state before the first patch.  Each update is the difference of two neighbouring states, applied to
the process that carries all earlier ones: apply, revert, apply again, while requests are answered.  After a patch that is
refused the server is started again, from the state that includes it: that is the only restart.
"""

import contextlib
import time

from . import live, load

SECONDS_TO_MOVE = 20


class Stacked:
    """What became of the updates; one server runs at a time."""

    def __init__(self, server, toolchain, work, threads, connections, rate, log=print):
        self.server, self.toolchain, self.work, self.log = server, toolchain, work, log
        self.threads, self.connections, self.rate = threads, connections, rate
        self._children = contextlib.ExitStack()
        self._running = None  # child, ports, state, pids
        self.starts = 0

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.stop(clean=failure[0] is None)

    def stop(self, clean=True):
        """Ends the server; it must end well, and be the process that was started."""
        if self._running and clean:
            child, _, _, pids = self._running
            live.must_be_those(self.server, child, pids)
            status = child.stop()
            if status != self.server.status_at_end:
                raise live.LiveError(f"the server ended with status {status}, see {child.log}")
        self._running = None
        self._children.close()

    def _start(self, state):
        self.starts += 1
        child, ports = self._children.enter_context(
            live.started(self.server, state, self.work, f"stacked-{self.starts}", self.threads)
        )
        self._running = child, ports, state, live.lasting_processes(self.server, child)

    def apply(self, step, allow_active=()):
        """Applies, reverts and applies a step's update; returns what was measured."""
        if self._running is None:
            self._start(step.old)
        child, ports, state, _ = self._running
        wfpatch = live.Wfpatch(self.toolchain.tool("wfpatch"), child.pid, allow_active=allow_active)
        with load.Load(self.server, self.toolchain, state, ports, self.work / "stacked-load", self.connections,
                       self.rate) as running:
            time.sleep(0.5)  # the first requests only store what later ones read
            changes = []
            for change in (lambda: wfpatch.apply(step.update), wfpatch.revert, lambda: wfpatch.apply(step.update)):
                change()
                rows = wfpatch.wait_settled(SECONDS_TO_MOVE)
                changes.append({
                    "processes": len(rows),
                    "apply_us": max(row["apply_us"] for row in rows),
                    "settle_us": max(row["settle_us"] for row in rows),
                    "threads_moved": sum(row["threads_moved"] for row in rows),
                    "threads": sum(row["threads_total"] for row in rows),
                })
                time.sleep(0.1)
            figures = running.finish()
        if not self.server.ready(ports):
            raise live.LiveError(f"{self.server.name} does not answer after {step.patch}")
        first, back, again = changes
        left = max(change["threads"] - change["threads_moved"] for change in changes)  # threads come and go between changes
        return {
            "processes": first["processes"],
            "threads": first["threads"],
            "threads_moved": first["threads"] - left,
            "apply_us": first["apply_us"], "settle_us": first["settle_us"],
            "revert_us": back["apply_us"], "revert_settle_us": back["settle_us"],
            "reapply_us": again["apply_us"], "reapply_settle_us": again["settle_us"],
            "requests": figures["answered"], "failed": figures["failed"],
        }
