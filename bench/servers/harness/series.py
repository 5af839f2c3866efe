"""A package's patches, one after the other: what the build is after each, and what wfdiff says of the step.

One tree takes the patches in the order of debian/patches/series and is brought up to date by make, as a developer would.
After each its objects and its program are kept as a state of their own (unchanged ones as hard links), so that any two
neighbours can be compared, and the program of any of them started, at any time.  State 0 is upstream's source, with those
patches that come before the first one of interest, if a description names that.

Where a package has no patches of interest but its upstream release has fixes, a description takes them from the difference of
two versions.  Then the last state is upstream's source, and state 0 is that without the fixes.

A state holds for a package version, commands, compiler and plugin; a run goes on where the last one stopped.
"""

import filecmp
import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import build, debian, difference


@dataclass(frozen=True)
class Step:
    """What wfdiff says of a patch: "update", "no change" or "refused"."""

    patch: str
    verdict: str
    functions: dict  # name: replaced, added, removed
    reasons: list
    old: Path
    new: Path
    update: Path


def _kept(tree, server):
    """The files of a built tree that a state consists of."""
    for folder, folders, files in os.walk(tree):
        folders[:] = [f for f in folders if f not in ("debian", ".pc")]
        for name in files:
            path = Path(folder, name)
            if path.as_posix().endswith(server.kept) or path == tree / server.binary:
                yield path


def updated_pair(server, source, toolchain, work, log=print):
    """The server without the fix and with it; returns (folder without, update, seconds that wfdiff took)."""
    if not server.pair_of_states:
        return build.updated_pair(server, source, toolchain, work, log=log)
    states = Series(server, source, toolchain, work, log)
    number = 1 + next(n for n, patch in enumerate(states.patches) if server.fix in patch)
    states.prepare(number)
    old, update = states.state(number - 1), work / f"{server.name}.wfp"
    seconds, _ = build.make_update(toolchain, old, states.state(number), update)
    return old, update, seconds


class Series:
    def __init__(self, server, source, toolchain, work, log=print):
        self.server, self.source, self.toolchain, self.log = server, source, toolchain, log
        self.work = work / "series"
        self.tree = self.work / "tree"
        self.plugin = build.hash_of(toolchain.plugin)
        self.work.mkdir(parents=True, exist_ok=True)
        listing = self.work / "listing"
        if not (listing / "debian").exists():
            debian.extract(source, listing)
        self.folder = listing / "debian/patches"
        if server.difference:
            self.folder = self.work / "fixes"
            difference.write(server, source, work, self.folder)
        series = debian.patch_series(self.folder)
        first = next((n for n, name in enumerate(series) if server.first and server.first in name), 0)
        self.before, self.parts = series[:first], {}
        parts = []
        for name in series[first:]:
            parts.append(name)
            if not any(mark in name for mark in server.incomplete):
                self.parts[name], parts = parts, []
        self.patches = list(self.parts)  # each named after its last part

    def state(self, number):
        return self.work / "states" / f"{number:03}"

    def _stamp(self, number):
        wanted = {
            "source": self.source.version,
            "patches": self.before + self.patches[:number] if not self.server.difference else
                       ["without", *map(build.hash_of, (self.folder / patch for patch in self.patches[number:]))],
            "commands": [self.server.configure_commands, self.server.make_commands],
            "clang": self.toolchain.clang,
            "plugin": self.plugin,
        }
        return hashlib.sha256(json.dumps(wanted).encode()).hexdigest()

    def _built(self, number):
        stamp = self.state(number) / "stamp"
        return stamp.exists() and stamp.read_text() == self._stamp(number)

    def prepare(self, number):
        """Makes the states up to `number`, as far as they are not there."""
        missing = next((n for n in range(number + 1) if not self._built(n)), None)
        if missing is None:
            return
        position = self.work / "tree.stamp"  # which state the tree is in; absent while it is on its way
        if missing == 0 or not position.exists() or position.read_text() != self._stamp(missing - 1):
            self._start_over(missing)
        else:
            position.unlink()
            self._advance(missing)
        position.write_text(self._stamp(missing))
        self._keep(missing)
        self.prepare(number)

    def _start_over(self, number):
        (self.work / "tree.stamp").unlink(missing_ok=True)
        debian.extract(self.source, self.tree)
        if self.server.difference:
            for patch in reversed(self.patches[number:]):
                debian.apply_patch(self.tree, self.folder / patch, reverse=True)
        else:
            for patch in self.before + [part for patch in self.patches[:number] for part in self.parts[patch]]:
                debian.apply_patch(self.tree, self.folder / patch)
        self.log(f"building {self.server.name} with {number} of {len(self.patches)} patches")
        self._run(self.server.configure_commands + self.server.make_commands, number)

    def _advance(self, number):
        patch = self.patches[number - 1]
        self.log(f"building {self.server.name} with {patch} ({number} of {len(self.patches)})")
        for part in self.parts[patch]:
            debian.apply_patch(self.tree, self.folder / part)
        self._run(self.server.remake_commands(self.files_of(patch)), number)

    def _run(self, commands, number):
        build.run_commands(self.server, self.toolchain, self.tree, commands, self.work / f"{number:03}.log")

    def _keep(self, number):
        state, before = self.state(number), self.state(number - 1)
        shutil.rmtree(state, ignore_errors=True)
        for path in _kept(self.tree, self.server):
            target, same = state / path.relative_to(self.tree), before / path.relative_to(self.tree)
            target.parent.mkdir(parents=True, exist_ok=True)
            if number > 0 and same.exists() and filecmp.cmp(path, same, shallow=False):
                os.link(same, target)
            else:
                shutil.copy2(path, target)
        (state / "stamp").write_text(self._stamp(number))

    def files_of(self, patch):
        """The names of the files that a patch changes."""
        text = "".join((self.folder / part).read_text(errors="replace") for part in self.parts[patch])
        return sorted(set(re.findall(r"^\+\+\+ [^/\s]+/(\S+)", text, re.M)))

    def step(self, number):
        """Compares the states before and after patch `number`, counted from 1."""
        old, new = self.state(number - 1), self.state(number)
        update = self.work / "updates" / f"{number:03}-{Path(self.patches[number - 1]).stem}.wfp"
        update.parent.mkdir(exist_ok=True)
        update.unlink(missing_ok=True)
        result = subprocess.run(
            [self.toolchain.tool("wfdiff"), old, new, "-o", update, "--json"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )
        try:
            verdict = {0: "update", 1: "refused", 3: "no change"}[result.returncode]
            report = json.loads(result.stdout)
        except (KeyError, json.JSONDecodeError):
            raise build.BuildError(f"wfdiff {old} {new} exited {result.returncode}: {result.stderr[:2000]}") from None
        functions = {
            function["display"]: function["change"] for unit in report["units"] for function in unit["functions"]
        }
        return Step(self.patches[number - 1], verdict, functions, report["refusals"], old, new, update)
