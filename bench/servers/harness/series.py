"""A package's patches, one after the other: what the build is after each, and what wfdiff says of the step.

One tree takes the patches in the order of debian/patches/series and is brought up to date by make, as a developer would.
After each its objects and its program are kept as a state of their own (unchanged ones as hard links), so that any two
neighbours can be compared, and the program of any of them started, at any time.  State 0 is upstream's source, with those
patches that come before the first one of interest, if a description names that.

A state is reached from the one that the tree is in, or else by building it whole; what is made on the way is kept too.  So who
asks for the two states around one fix pays for one build and a little more.

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


def _patches(server, source, work):
    """The folder of the patches and their series."""
    if server.difference:
        difference.write(server, source, work, work / "fixes")
        return work / "fixes"
    listing = work / f"listing-{source.version}"
    if not (listing / "debian").exists():
        debian.extract(source, listing)
    return listing / "debian/patches"


class Series:
    """The states of one server by one toolchain, in its folder of `work`."""

    def __init__(self, server, source, toolchain, work, log=print):
        self.server, self.source, self.toolchain, self.log = server, source, toolchain, log
        self.work = work / toolchain.folder
        self.tree = self.work / "tree"
        self.work.mkdir(parents=True, exist_ok=True)
        self.folder = _patches(server, source, work)
        series = debian.patch_series(self.folder)
        first = next((n for n, name in enumerate(series) if server.first and server.first in name), 0)
        self.before, self.parts = series[:first], {}
        parts = []
        for name in series[first:]:
            parts.append(name)
            if not any(mark in name for mark in server.incomplete):
                self.parts[name], parts = parts, []
        self.patches = list(self.parts)  # each named after its last part
        self._made_by = {
            "source": source.version,
            "commands": toolchain.fill_in(server.configure_commands + server.make_commands),
            **toolchain.identity(),
        }

    def number_of_fix(self):
        """Which patch is the one that the server's description applies live."""
        number = next((n for n, patch in enumerate(self.patches, start=1) if self.server.fix in patch), None)
        if number is None:
            raise debian.SourceError(f"{self.source.package} {self.source.version} has no patch {self.server.fix}; it has "
                                     + ", ".join(self.patches))
        return number

    def without_fix(self):
        """The state right before that patch."""
        return self.prepare(self.number_of_fix() - 1)

    def updated_pair(self):
        """The server without the fix, the update that brings it, and the seconds that wfdiff took."""
        old, new = self.without_fix(), self.prepare(self.number_of_fix())
        update = self.work / f"{self.server.name}.wfp"
        seconds = build.make_update(self.toolchain, old, new, update)
        return old, update, seconds

    def state(self, number):
        return self.work / "states" / f"{number:03}"

    def _stamp(self, number):
        wanted = {
            **self._made_by,
            "patches": self.before + self.patches[:number] if not self.server.difference else
                       ["without", *map(build.hash_of, (self.folder / patch for patch in self.patches[number:]))],
        }
        return hashlib.sha256(json.dumps(wanted).encode()).hexdigest()

    def _built(self, number):
        stamp = self.state(number) / "stamp"
        return stamp.exists() and stamp.read_text() == self._stamp(number)

    def _position(self):
        """Which state the tree is in; None while it is on its way to one."""
        stamp = self.work / "tree.stamp"
        found = stamp.read_text() if stamp.exists() else None
        return next((n for n in range(len(self.patches) + 1) if self._stamp(n) == found), None)

    def prepare(self, number):
        """Makes state `number` if it is not there, and those on the way to it that are not; returns its folder."""
        if not self._built(number):
            position = self._position()
            if position is None or position >= number:
                self._reach(number, self._start_over)
            else:
                for following in range(position + 1, number + 1):
                    self._reach(following, self._advance)
        return self.state(number)

    def _reach(self, number, how):
        stamp = self.work / "tree.stamp"
        stamp.unlink(missing_ok=True)
        how(number)
        if not self._built(number):
            self._keep(number)
        stamp.write_text(self._stamp(number))

    def _start_over(self, number):
        debian.extract(self.source, self.tree)
        if self.server.difference:
            for patch in reversed(self.patches[number:]):
                debian.apply_patch(self.tree, self.folder / patch, reverse=True)
        else:
            for patch in self.before + [part for patch in self.patches[:number] for part in self.parts[patch]]:
                debian.apply_patch(self.tree, self.folder / patch)
        self.log(f"building {self.server.name} with {number} of {len(self.patches)} patches in {self.work.name}")
        self._run(self.server.configure_commands + self.server.make_commands, number)

    def _advance(self, number):
        patch = self.patches[number - 1]
        self.log(f"building {self.server.name} with {patch} ({number} of {len(self.patches)}) in {self.work.name}")
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
        old, new = self.prepare(number - 1), self.prepare(number)
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
