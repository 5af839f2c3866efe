"""Builds a server's tree, and skips the work when nothing that could change the result has changed.

The stamp beside a tree holds package version, patches, commands and the hashes of compiler plugin and runtime: a rebuilt
plugin rebuilds the servers.
"""

import hashlib
import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import debian, difference


class BuildError(Exception):
    pass


@dataclass(frozen=True)
class Toolchain:
    """A wfpatch build folder and the clang that its plugin loads into."""

    build: Path
    clang: str

    @property
    def plugin(self):
        return self.build / "lib/wfpatch.so"

    @property
    def runtime(self):
        return self.build / "lib/libwfpatch.so"

    def tool(self, name):
        return self.build / "bin" / name

    def require(self):
        needed = [self.plugin, self.runtime, self.tool("wfdiff"), self.tool("wfpatch")]
        missing = [str(path) for path in needed if not path.exists()]
        if missing:
            raise BuildError(f"not built: {', '.join(missing)}; run cmake --build {self.build} first")

    def variables(self, instrumented):
        """What build commands may name in braces."""
        if not instrumented:
            return {"cc": self.clang, "cxx": f"{self.clang}++", "libs": "", "ldflags": ""}
        return {
            "cc": f"{self.clang} -fplugin={self.plugin}",
            "cxx": f"{self.clang}++ -fplugin={self.plugin}",
            "libs": "-lwfpatch",
            "ldflags": f"-L{self.runtime.parent} -Wl,-rpath,{self.runtime.parent}",
        }


class PluginOnly(Toolchain):
    """Instruments but links no runtime, so that only the plugin makes the difference."""

    def variables(self, instrumented):
        return {**super().variables(instrumented), "libs": "", "ldflags": ""}


def _environment(tree):
    """What makes two builds of one source alike: keys of units, and versions that makefiles take from git and the clock."""
    return {
        **os.environ,
        "WFPATCH_ROOT": str(tree),
        "GIT_CEILING_DIRECTORIES": str(tree.parent),
        "SOURCE_DATE_EPOCH": "1",
    }


def hash_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fill_in(commands, toolchain, instrumented=True):
    """The commands with what they name in braces."""
    return [[word.format(**toolchain.variables(instrumented)) for word in command] for command in commands]


def run_commands(server, toolchain, tree, commands, log, instrumented=True):
    """Runs build commands in `tree`; their output is kept in `log`, and its end is what a failure tells."""
    with log.open("w") as output:
        for command in fill_in(commands, toolchain, instrumented):
            output.write(f"$ {' '.join(command)}\n")
            output.flush()
            result = subprocess.run(
                command, cwd=tree, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=_environment(tree)
            )
            if result.returncode != 0:
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
                raise BuildError(f"{server.name}: {' '.join(command)} failed; {log} ends:\n{tail}")


def build_tree(server, source, toolchain, tree, with_fix, instrumented=True, log=print):
    """Unpacks and builds `tree`; returns the seconds of processor time, or None if it was there already."""
    commands = fill_in(server.configure_commands + server.make_commands, toolchain, instrumented)
    wanted = {
        "source": source.version,
        "fix": server.fix,
        "with_fix": with_fix,
        "commands": commands,
        "clang": subprocess.run([toolchain.clang, "--version"], capture_output=True, text=True, check=True).stdout,
        "plugin": hash_of(toolchain.plugin) if instrumented else None,
    }
    stamp = tree.with_name(tree.name + ".stamp")
    if stamp.exists() and json.loads(stamp.read_text()) == wanted and (tree / server.binary).exists():
        return None
    stamp.unlink(missing_ok=True)
    if server.difference:
        difference.unpack(server, source, tree, inclusive=with_fix)
    else:
        debian.unpack(source, tree, server.fix, inclusive=with_fix)
    log(f"building {tree.name}: {source.package} {source.version} {'with' if with_fix else 'without'} {server.fix}")
    before = os.times()
    run_commands(server, toolchain, tree, server.configure_commands + server.make_commands,
                 tree.with_name(tree.name + ".log"), instrumented)
    after = os.times()
    stamp.write_text(json.dumps(wanted))
    return after.children_user + after.children_system - before.children_user - before.children_system


def make_update(toolchain, old, new, update):
    """Diffs two build folders; returns (seconds, wfdiff's standard output).  Also checks that old against old is empty."""
    update.unlink(missing_ok=True)
    begin = time.monotonic()
    result = _wfdiff(toolchain, old, new, update)
    seconds = time.monotonic() - begin
    if result.returncode != 0 or not update.exists():
        raise BuildError(f"wfdiff {old} {new} exited {result.returncode}:\n{result.stdout}{result.stderr}")
    nothing = update.with_suffix(".none")
    same = _wfdiff(toolchain, old, old, nothing)
    if same.returncode != 3 or nothing.exists():
        raise BuildError(f"wfdiff of {old} with itself exited {same.returncode} instead of 3:\n{same.stdout}{same.stderr}")
    return seconds, result.stdout


def updated_pair(server, source, toolchain, work, prefix="", log=print):
    """Builds `work`/PREFIXold without the fix and PREFIXnew with it; returns (old, update, seconds that wfdiff took)."""
    old, new = work / f"{prefix}old", work / f"{prefix}new"
    for tree, with_fix in ((old, False), (new, True)):
        build_tree(server, source, toolchain, tree, with_fix, log=log)
    update = work / f"{prefix}{server.name}.wfp"
    seconds, _ = make_update(toolchain, old, new, update)
    return old, update, seconds


def _wfdiff(toolchain, old, new, update):
    command = [toolchain.tool("wfdiff"), old, new, "-o", update]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)


