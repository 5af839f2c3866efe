"""An update in a running process, against the mutated program itself.

The base program runs; the update is applied, the program is asked, the update is reverted, the program is asked again.  The
answers in between must be those of a program that was built from the mutated source, and no body that the update replaced
may be entered while it is in effect; gdb, which knows nothing of updates, watches that.  Then, before the reversal, the update that
leads back to the base build is applied upon the first, and reverted: the answers must be the base program's, and the mutated one's again.

Edits break programs.  That an outcome is the edit's own effect is shown, not assumed:

  other answers, after a start       gdb sees that none of the old bodies is entered: the update is in effect, and what the
                                     mutated program does differently it does when it starts (or it does not start at all)
  answers that are another process's  the mutated program, started from scratch twice, gives two; what it answers alike counts
  no answer, or not to the end       the mutated program, started from scratch, gives as many answers and fails alike
  a thread that does not move        gdb finds one of the replaced functions on its stack
  anything else                      it happens again in a process that nothing was done to before, and the mutated
                                     program, built with AddressSanitizer, is caught in an access of memory that is not its

What none of these explains is wrong.
"""

import json
import re
import subprocess
import time
from collections import Counter

from .inspect_process import OldBodies, active_functions, load_base
from .targets import live

HELD_AFTER = 10  # seconds after which a thread is believed to stay in the function that holds it
SETTLE_SECONDS = 120  # for one that nothing holds: the machine may be busy
FRESH_AFTER = 12  # updates in one process
PATIENCE = 5  # seconds for an answer


class Session:
    """One target's base program, running, for one worker."""

    def __init__(self, build, folder, demangled):
        self.build, self.folder, self.process, self.updates = build, folder, None, 0
        self.folder.mkdir(parents=True, exist_ok=True)
        self.demangled, self.answers = demangled, None
        runtime = {"LD_PRELOAD": str(build.toolchain.runtime)}
        self.environment = {**build.environment(build.base), **runtime}
        self.wfpatch = build.toolchain.tool("wfpatch")
        self.functions = _functions(build.work / "program", build.toolchain.clang)

    def _start(self, binary):
        process = self.build.target.start(binary, self.folder, self.environment)
        try:
            process.wait_ready(60)
        except live.LiveError:
            process.stop()
            raise
        return process

    def _ready(self):
        """Sees to it that the base program runs, and does what it did at first."""
        if self.process and (self.updates >= FRESH_AFTER or self.process.ask(PATIENCE) != self.answers):
            self.close()
        if not self.process:
            self.process, self.updates = self._start(self.build.work / "program"), 0
            answers = self.process.ask(60)
            if answers.failure or self.process.ask(60) != answers:
                raise live.LiveError(f"{self.build.target.name} answers differently the second time: {answers.failure}")
            # Answers that are another process's can tell nothing of an update.
            other = self.answers or self._answers_from_scratch(self.build.work / "program")[0]
            if other != answers:
                raise live.LiveError(f"{self.build.target.name}: another process answers otherwise: {answers.difference(other)}")
            self.answers = answers

    def close(self):
        if self.process:
            self.process.stop()
        self.process = None

    def _command(self, *words):
        result = subprocess.run([str(self.wfpatch), *map(str, words), "--json"], stdin=subprocess.DEVNULL, capture_output=True,
                                text=True)
        return result.returncode, result.stdout, result.stderr.strip()

    def _settle(self, may_hold):
        """(settled, what threads that have not moved are held by).  `may_hold`: whether to believe that a function does."""
        begin = time.monotonic()
        while True:
            code, out, said = self._command("status", self.process.pid)
            if code != 0:
                return False, [f"status: {said}"]
            status = json.loads(out)
            if all(u["state"] != "moving" for u in status["updates"]):
                return True, []
            waited = time.monotonic() - begin
            behind = [t.get("held_by") or "nothing" for t in status["threads"] if t["view"] != status["view"]]
            if waited > SETTLE_SECONDS or (waited > HELD_AFTER and all(map(may_hold, behind))):
                return False, behind
            time.sleep(0.02)

    @staticmethod
    def _is_of(held_by, affected):
        """`held_by`: a function's name as `wfpatch status` has it."""
        return any(held_by.startswith(a) or a.startswith(held_by.split("(")[0]) for a in affected)

    def observe(self, update, affected, replaced, tree, source, back=None):
        """`affected`, `replaced`: functions that changed, went or came; those that have an old body, by their names in the
        object.  `back`: the update to the base, if there is one.  Returns (outcome, wrong statements)."""
        affected = self.demangled(affected)
        outcome, wrong = self._once(update, affected, replaced, tree, back)
        if wrong and self.process:
            self.close()
        if wrong and not self.first:
            outcome, wrong = self._once(update, affected, replaced, tree, back)  # what an earlier edit left behind is no excuse
            self.close()
        if wrong:
            caught = self.caught_by_sanitizer(tree, source)
            if caught:
                return f"the edit breaks the program: {caught}", []
        return outcome, wrong

    def _once(self, update, affected, replaced, tree, back):
        try:
            self._ready()
        except live.LiveError as error:
            self.close()
            return "not started", [f"the base program: {error}"]
        self.first = self.updates == 0
        self.updates += 1
        code, _, said = self._command("apply", self.process.pid, update, "--no-wait")
        if code != 0:
            return "not applied", [f"apply exited {code}: {said}"]
        settled, behind = self._settle(lambda held_by: self._is_of(held_by, affected))
        if not settled:
            return self._held(behind, affected)
        changed = self.process.ask(PATIENCE)
        # If the answers are the base program's still, or nobody knows better ones, only this tells an update in effect from one that is not.
        self.build.link(tree, self.folder / "native")
        native, error = self._answers_from_scratch(self.folder / "native")
        unknown = changed == self.answers or native is None
        entered = self._old_bodies(replaced) if unknown and self.process.alive() else []
        wrong = [f"the update has settled, but old bodies are entered: {', '.join(entered)}"] if entered else []
        if back:
            wrong += self._there_and_back(back, changed)
        wrong += self._reverted(changed)
        if native is None:
            # Code that only starting runs does nothing in a program that has started; of what it does elsewhere gdb alone can tell.
            if changed.failure and changed != self.answers:
                return "not as built", wrong + [f"updated: {changed.failure}; built: {error}"]
            return f"{'at start only' if changed == self.answers else 'in effect'}: the mutated program does not start", wrong
        seen, unlike = self._as_built(changed, native)
        return seen, wrong + unlike

    def _held(self, behind, affected):
        """A thread that did not move: true if it is in a function that the update replaces."""
        if not self.process.alive():
            return "not settled", ["the process died while the update settled"]
        active = self.demangled(active_functions(self.process.pid))
        self.close()
        unfounded = [h for h in behind if not (self._is_of(h, affected) and self._is_of(h, active))]
        if unfounded or not behind:
            return "not settled", [f"threads did not move, held by {behind}; on stacks: {sorted(active)[:40]}"]
        return "held by a function that never returns", []

    def _old_bodies(self, replaced):
        """Which of the functions are entered in their old bodies while the program is asked."""
        base = load_base(self.process.pid, self.build.work / "program")
        addresses = {n: base + self.functions[n] for n in replaced if n in self.functions}
        if not addresses:
            return []
        with OldBodies(self.process.pid, addresses) as watch:
            self.process.ask(60)
            return watch.entered()

    def _there_and_back(self, back, changed):
        """Applies the update to the base upon the first, and reverts it: wrong statements."""
        for words, expected, other in ((("apply", self.process.pid, back), self.answers, changed),
                                       (("revert", self.process.pid), changed, self.answers)):
            if not self.process.alive():
                return []  # as in _reverted
            code, _, said = self._command(*words, "--timeout", HELD_AFTER)
            if code not in (0, 3):
                return [] if "has ended" in said and changed.failure else [f"{words[0]} of the update back exited {code}: {said}"]
            settled, behind = self._settle(lambda held_by: changed.failure != "")
            if not settled:
                return [] if changed.failure else [f"{words[0]} of the update back did not settle: {behind}"]
            seen = self.process.ask(PATIENCE)
            # Where the two answer alike nothing else will do; otherwise the mutated code may have left other state behind.
            if seen != expected and (expected == other or seen == other):
                return [f"after {words[0]} of the update back: {seen.failure or 'the answers of the version before'}"]
        return []

    def _reverted(self, changed):
        """Takes the update back: wrong statements."""
        if not self.process.alive():
            self.close()
            return []  # the mutated program itself tells whether the edit may end it
        code, _, said = self._command("revert", self.process.pid, "--timeout", HELD_AFTER)
        if code not in (0, 3):  # 3: threads are still moving, see below
            ended = "has ended" in said
            self.close()
            return [] if ended and changed.failure else [f"revert exited {code}: {said}"]
        back, behind = self._settle(lambda held_by: changed.failure != "")
        if not back:
            self.close()
            # A thread that the edit sent round in circles never comes back; whether it did, the mutated program tells.
            return [] if changed.failure else [f"revert did not settle: {behind}"]
        again = self.process.ask(PATIENCE)
        if again == self.answers:
            return []
        self.close()
        if changed == self.answers:
            return [f"after revert: {again.failure or 'other answers'}"]
        return []  # the mutated code left other state behind

    def _as_built(self, changed, native):
        """The updated program's answers against those of the mutated program, started from scratch."""
        if changed == native:
            broken = "broken, " if native.failure else ""
            return f"{broken}as built, visible" if changed != self.answers else "as built", []
        if changed == self.answers:
            return "at start only", []
        again, _ = self._answers_from_scratch(self.folder / "native")
        if changed.agrees(native, again):
            return "as built, as far as that gives the same answers twice", []
        return "not as built", [f"updated: {changed.difference(native)}"]

    def _answers_from_scratch(self, binary):
        process = self.build.target.start(binary, self.folder, self.environment)
        try:
            process.wait_listening(60)
            return process.ask(PATIENCE), ""
        except live.LiveError as error:
            return None, str(error)
        finally:
            process.stop()

    def caught_by_sanitizer(self, tree, source):
        """What AddressSanitizer says of the mutated program, or None: started from scratch, and asked the same."""
        base, mutated = self.folder / "sanitized-base", self.folder / "sanitized"
        self.build.sanitized(base)
        if self._sanitizer_says(base):
            return None
        self.build.sanitized(mutated, tree, source)
        return self._sanitizer_says(mutated)

    def _sanitizer_says(self, binary):
        options = {"ASAN_OPTIONS": "detect_leaks=0:handle_segv=2:handle_abort=0"}
        process = self.build.target.start(binary, self.folder, {**self.build.environment(self.build.base), **options})
        try:
            process.wait_listening(120)
            process.ask(60)
        except live.LiveError:
            pass
        finally:
            process.stop()
        found = re.search(r"ERROR: AddressSanitizer: (\S+)", process.log.read_text(errors="replace"))
        return found and found.group(1)


def _functions(binary, clang):
    """name -> address of the functions that have their name alone."""
    tool = clang.rpartition("/")[0] + "/llvm-nm"
    result = subprocess.run([tool, "--defined-only", binary], capture_output=True, text=True, check=True)
    rows = [line.split() for line in result.stdout.splitlines()]
    count = Counter(row[2] for row in rows)
    return {name: int(address, 16) for address, kind, name in rows if kind in "TtWw" and count[name] == 1}
