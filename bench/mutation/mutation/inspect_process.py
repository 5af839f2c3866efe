"""Running processes seen by gdb, which knows nothing of updates: a second opinion on what the runtime says and does."""

import os
import re
import signal
import subprocess

FRAME = re.compile(r"^#\d+\s+(?:0x[0-9a-f]+ in )?(.+?) \(", re.M)
SLED_SIZE = 5  # an old body begins behind its sled

# Runs inside gdb.  A breakpoint that was met says so, and does not stop the program; it cannot be deleted there, and is only
# disabled, so that a busy function costs one stop.
WATCH = """\
import gdb
class Entered(gdb.Breakpoint):
    def stop(self):
        gdb.write("entered " + self.location[1:] + "\\n")
        gdb.flush()
        self.enabled = False
        return False
for address in {addresses}:
    Entered("*" + hex(address), internal=True)
gdb.write("armed\\n")
gdb.flush()
gdb.execute("continue")
gdb.execute("detach")
"""


def _gdb(pid, *words):
    command = ["gdb", "-nx", "-batch", "-p", str(pid), "-ex", "set pagination off", *words]
    # In a session of its own: an interrupt from the keyboard is for the harness.
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            start_new_session=True)


def load_base(pid, binary):
    """What must be added to the addresses that the program's file has."""
    with open(binary, "rb") as file:
        if file.read(18)[16] != 3:  # not ET_DYN
            return 0
    for line in open(f"/proc/{pid}/maps"):
        if line.rstrip().endswith(f" {os.path.realpath(binary)}"):
            return int(line.split("-")[0], 16)
    raise RuntimeError(f"process {pid} does not run {binary}")


def active_functions(pid):
    """Names of the functions that are on any thread's stack, demangled as far as gdb has it, without parameters."""
    with _gdb(pid, "-ex", "thread apply all -q -s bt 200") as gdb:
        return set(FRAME.findall(gdb.stdout.read()))


class OldBodies:
    """Tells which of the program's own functions are entered behind their sleds, that is in the code from before an update.

    `addresses`: name -> the function's address in the process.
    """

    def __init__(self, pid, addresses):
        self.pid, self.gdb = pid, None
        self.names = {address + SLED_SIZE: name for name, address in addresses.items()}

    def __enter__(self):
        self.gdb = _gdb(self.pid, "-ex", "python exec(" + repr(WATCH.format(addresses=list(self.names))) + ")")
        said = ""
        for line in self.gdb.stdout:
            said += line
            if line.startswith("armed"):
                return self
        raise RuntimeError(f"gdb did not attach to process {self.pid}: {said[-500:]}")

    def entered(self):
        """Ends the watch; names of the old bodies that were entered since it began."""
        self.gdb.send_signal(signal.SIGINT)
        try:
            said, _ = self.gdb.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self.gdb.kill()
            self.gdb.wait()
            raise RuntimeError("gdb did not leave the process") from None
        return sorted(self.names[int(a, 16)] for a in re.findall(r"^entered (0x[0-9a-f]+)", said, re.M))

    def __exit__(self, *_):
        if self.gdb.poll() is None:
            self.gdb.kill()
        self.gdb.wait()
        self.gdb.stdout.close()
