"""An update in a running process, against the mutated program itself.

The base program runs; the update is applied, the program is asked, the update is reverted, the program is asked again.  The
answers in between must be those of a program that was built from the mutated source.  Three differences are the edit's and
not the update's: code that runs only when a program starts does nothing in one that has started; a program that the edit
breaks is broken either way; and a function that never returns keeps its thread.
"""

import json
import subprocess
import time

from .targets import live

SETTLE_SECONDS = 10
FRESH_AFTER = 12  # updates in one process


class Session:
    """One target's base program, running, for one worker."""

    def __init__(self, build, folder):
        self.build, self.folder, self.process, self.updates = build, folder, None, 0
        self.folder.mkdir(parents=True, exist_ok=True)
        runtime = {"LD_PRELOAD": str(build.toolchain.runtime)}
        self.environment = {**build.environment(build.base), **runtime}
        self.wfpatch = build.toolchain.tool("wfpatch")

    def _start(self, binary):
        process = self.build.target.start(binary, self.folder, self.environment)
        try:
            process.wait_ready(20)
        except live.LiveError:
            process.stop()
            raise
        return process

    def _ready(self):
        if self.process and (self.updates >= FRESH_AFTER or not self.process.alive()):
            self.close()
        if not self.process:
            self.process, self.updates = self._start(self.build.work / "program"), 0
            self.answers = self.process.ask(10)
            if self.process.ask(10) != self.answers:
                raise live.LiveError(f"{self.build.target.name} answers differently the second time")

    def close(self):
        if self.process:
            self.process.stop()
        self.process = None

    def _command(self, *words):
        result = subprocess.run([str(self.wfpatch), *map(str, words), "--json"], stdin=subprocess.DEVNULL, capture_output=True,
                                text=True)
        return result.returncode, result.stdout, result.stderr.strip()

    def _settle(self):
        """(settled, threads that have not moved: held_by)"""
        end = time.monotonic() + SETTLE_SECONDS
        while True:
            code, out, said = self._command("status", self.process.pid)
            if code != 0:
                return False, [f"status: {said}"]
            status = json.loads(out)
            if all(u["state"] != "moving" for u in status["updates"]):
                return True, []
            if time.monotonic() > end:
                behind = [t.get("held_by") or "nothing" for t in status["threads"] if t["view"] != status["view"]]
                return False, behind
            time.sleep(0.02)

    def _ask(self, process):
        try:
            return process.ask(), ""
        except live.LiveError as error:
            return None, str(error) + ("" if process.alive() else "; it died")

    def _native(self, tree):
        """What a program built from the mutated source answers: (answers, failure, whether it started)."""
        binary = self.folder / "native"
        self.build.link(tree, binary)
        try:
            process = self._start(binary)
        except live.LiveError as error:
            return None, str(error), False
        try:
            return (*self._ask(process), True)
        finally:
            process.stop()

    def observe(self, update, affected, tree):
        """Returns (outcome, wrong statements)."""
        try:
            self._ready()
        except live.LiveError as error:
            self.close()
            return "not started", [f"the base program: {error}"]
        self.updates += 1
        code, _, said = self._command("apply", self.process.pid, update, "--no-wait")
        if code != 0:
            self.close()
            return "not applied", [f"apply exited {code}: {said}"]
        settled, behind = self._settle()
        strange = [h for h in behind if not any(h.startswith(a) or a.startswith(h.split("(")[0]) for a in affected)]
        if strange and self.process.alive():
            self.close()
            return "not settled", [f"threads did not move, held by {strange}, affected {sorted(affected)[:20]}"]
        changed, failure = self._ask(self.process)
        outcome, wrong = self._reverted(changed, settled)
        if not settled:
            return outcome or "held by a function that never returns", wrong
        native, native_failure, started = self._native(tree)
        if changed is not None and changed == native:
            seen = "as built, visible" if changed != self.answers else "as built"
        elif changed is not None and changed == self.answers:
            seen = "at start only"
        elif changed is None and native is None:
            seen = "broken, as built"
        elif not started:
            seen = "cannot be built alike: does not start"
        else:
            seen = "not as built"
            wrong.append(f"updated: {failure or self._first(changed, native)}; built: {native_failure or 'answers'}")
        return outcome or seen, wrong

    def _first(self, a, b):
        if b is None:
            return "answers"
        return next((f"answer {i}: {x!r} not {y!r}"[:300] for i, (x, y) in enumerate(zip(a, b)) if x != y), "fewer answers")

    def _reverted(self, changed, settled):
        """Takes the update back.  Returns (outcome or None, wrong statements)."""
        if not self.process.alive():
            self.close()
            return None, []  # the edit killed it: the native program tells whether it may
        code, _, said = self._command("revert", self.process.pid, "--timeout", SETTLE_SECONDS)
        if code not in (0, 3):  # 3: threads are still moving, see below
            self.close()
            return None, [f"revert exited {code}: {said}"]
        back, behind = self._settle()
        if not back:
            self.close()
            # A thread that the edit sent round in circles never comes back.
            return None, [] if changed is None or not settled else [f"revert did not settle: {behind}"]
        again, failure = self._ask(self.process)
        if again == self.answers:
            return None, []
        self.close()
        if changed == self.answers:
            return "not the same after revert", [f"after revert: {failure or 'other answers'}"]
        return None, []  # the mutated code left other state behind
