"""Fixes as parts of the difference of two of a package's versions.

Some packages follow upstream's releases instead of carrying patches.  Then the difference of two versions is taken when it is
needed, from what the archive has, and a description says only which hunks of it belong to which fix.  Every hunk of a C or C++
source must belong to exactly one fix, or its file be left out by name: nothing is lost.  Of a difference that is too large for
that, of several releases, a description names the fixes of interest; the rest is in all states as in the later version.
"""

import filecmp
import re
import subprocess
from dataclasses import dataclass

from . import debian


@dataclass(frozen=True)
class Difference:
    """`version` against the server's own one.  `fixes`: the name of each, in order, with its parts: a file stands for all its
    hunks that no other fix names, "file:2,4-6" for these, counted from 1."""

    version: str
    dsc_sha256: str
    fixes: dict
    left_out: tuple = ()  # files whose changes are none of interest
    complete: bool = True  # False: what no fix names is none of interest


SUFFIXES = (".c", ".cc", ".h")


def _sources(tree):
    return {path.relative_to(tree).as_posix() for path in tree.rglob("*") if path.suffix in SUFFIXES and path.is_file()}


def files_of(fixes):
    """The files that fixes name."""
    return {part.partition(":")[0] for parts in fixes.values() for part in parts}


def _hunks(old, new, name):
    """The head of a file's difference, and its hunks."""
    result = subprocess.run(["diff", "-u", f"--label=a/{name}", f"--label=b/{name}", old / name, new / name],
                            stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode > 1:
        raise debian.SourceError(f"diff: {result.stderr.strip()}")
    head, *hunks = re.split(r"^(?=@@ )", result.stdout, flags=re.M)
    return head, hunks


def _numbers(text):
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def assign(fixes, hunks, left_out=(), complete=True):
    """For each fix its hunks as (file, number), `hunks` being how many each changed file has."""
    named = {}
    for fix, parts in fixes.items():
        for part in parts:
            name, _, numbers = part.partition(":")
            for number in _numbers(numbers) if numbers else ():
                if named.setdefault((name, number), fix) != fix:
                    raise debian.SourceError(f"{name}: hunk {number} belongs to {named[name, number]} and to {fix}")
    for fix, parts in fixes.items():
        for name in (part for part in parts if ":" not in part):
            for number in range(1, hunks.get(name, 0) + 1):
                owner = named.setdefault((name, number), fix)
                if owner != fix and name in fixes[owner]:
                    raise debian.SourceError(f"{name} belongs to {owner} and to {fix}")
    for name, number in named:
        if number > hunks.get(name, 0):
            raise debian.SourceError(f"{name} has no hunk {number} that {named[name, number]} could have")
    for fix, parts in fixes.items():
        for name in (part.partition(":")[0] for part in parts):
            if name not in hunks:
                raise debian.SourceError(f"{name} does not differ, but {fix} names it")
    for name, count in hunks.items():
        free = [number for number in range(1, count + 1) if (name, number) not in named]
        if free and complete and name not in left_out:
            raise debian.SourceError(f"{name}: hunks {free} belong to no fix")
    return {fix: sorted(key for key, owner in named.items() if owner == fix) for fix in fixes}


def write(server, source, cache, folder):
    """Makes the fixes of `server` as patches with a series in `folder`, unless that was done before."""
    wanted = server.difference
    made_of, stamp = repr((source.version, wanted)), folder / "stamp"
    if stamp.exists() and stamp.read_text() == made_of:
        return
    earlier = debian.fetch(server.package, cache, wanted.version, wanted.dsc_sha256)
    old, new = folder.parent / "earlier", folder.parent / "later"
    debian.extract(earlier, old)
    debian.extract(source, new)
    differing = {}
    for name in sorted(_sources(old) | _sources(new) if wanted.complete else files_of(wanted.fixes)):
        if not ((old / name).exists() and (new / name).exists()):
            raise debian.SourceError(f"{name} is in one of the versions only")
        if not filecmp.cmp(old / name, new / name, shallow=False):
            differing[name] = _hunks(old, new, name)
    owned = assign(wanted.fixes, {name: len(hunks) for name, (_, hunks) in differing.items()}, wanted.left_out,
                   wanted.complete)
    folder.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    for fix, keys in owned.items():
        text = ""
        for name in dict.fromkeys(name for name, _ in keys):
            head, hunks = differing[name]
            text += head + "".join(hunks[n - 1] for other, n in keys if other == name)
        (folder / f"{fix}.patch").write_text(text)
    (folder / "series").write_text("".join(f"{fix}.patch\n" for fix in owned))
    stamp.write_text(made_of)
