"""With what a server is built, plain or so that it can be updated, and how its build commands are run."""

import hashlib
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar


class BuildError(Exception):
    pass


@dataclass(frozen=True)
class Toolchain:
    """A wfpatch build folder and the clang that its plugin loads into."""

    build: Path
    clang: str
    folder: ClassVar[str] = "series"  # below a server's, where what it builds is kept

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

    def variables(self):
        """What build commands may name in braces."""
        return {
            "cc": f"{self.clang} -fplugin={self.plugin}",
            "cxx": f"{self.clang}++ -fplugin={self.plugin}",
            "libs": "-lwfpatch",
            "ldflags": f"-L{self.runtime.parent} -Wl,-rpath,{self.runtime.parent}",
        }

    def fill_in(self, commands):
        """The commands with what they name in braces."""
        return [[word.format(**self.variables()) for word in command] for command in commands]

    def identity(self):
        """What makes the result of the same commands another one."""
        version = subprocess.run([self.clang, "--version"], capture_output=True, text=True, check=True).stdout
        return {"clang": version, "plugin": hash_of(self.plugin)}


class PluginOnly(Toolchain):
    """Instruments but links no runtime, so that only the plugin makes the difference."""

    folder = "plugin"

    def variables(self):
        return {**super().variables(), "libs": "", "ldflags": ""}


class Plain(Toolchain):
    """The same clang, and nothing of wfpatch."""

    folder = "plain"

    def variables(self):
        return {"cc": self.clang, "cxx": f"{self.clang}++", "libs": "", "ldflags": ""}

    def identity(self):
        return {**super().identity(), "plugin": None}


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


def run_commands(server, toolchain, tree, commands, log):
    """Runs build commands in `tree`; their output is kept in `log`, and its end is what a failure tells.  Returns the seconds
    of processor time that they took."""
    before = os.times()
    with log.open("w") as output:
        for command in toolchain.fill_in(commands):
            output.write(f"$ {' '.join(command)}\n")
            output.flush()
            result = subprocess.run(
                command, cwd=tree, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=_environment(tree)
            )
            if result.returncode != 0:
                tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
                raise BuildError(f"{server.name}: {' '.join(command)} failed; {log} ends:\n{tail}")
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def make_update(toolchain, old, new, update):
    """Diffs two build folders; returns the seconds that it took.  Also checks that old against old is empty."""
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
    return seconds


def _wfdiff(toolchain, old, new, update):
    command = [toolchain.tool("wfdiff"), old, new, "-o", update]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
