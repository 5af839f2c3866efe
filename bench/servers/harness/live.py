"""Processes: the server, the load on it, and the `wfpatch` command.

All are children of this one, on loopback, ended in every case when the `with` block is left.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path


class LiveError(Exception):
    pass


def _end(number, _):
    raise SystemExit(128 + number)


# Told to end, this process ends its children first: `with` blocks are left.
signal.signal(signal.SIGTERM, _end)


def free_ports(count):
    """Ports that are free on loopback now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


class Child:
    """A process, for a `with` block; it writes to `log`, or is talked to by pipes and only its errors are logged."""

    def __init__(self, command, log, env=None, cwd=None, pipes=False):
        self.command = [str(word) for word in command]
        self.log = Path(log)
        with self.log.open("w") as output:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipes else output, stderr=output, env=env, cwd=cwd, text=True
            )

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process.poll() is None

    def wait(self, seconds):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise LiveError(f"{self.command[0]} (pid {self.pid}) did not end within {seconds} s") from None

    def stop(self, seconds=15):
        """Asks it to end and returns its exit status."""
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        return self.wait(seconds)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.alive():
            # With its workers: not all of them notice that the process which forked them is gone.
            for pid in processes(self.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.process.wait()


def wait_until(condition, seconds, what):
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise LiveError(f"waited {seconds} s in vain: {what}")
        time.sleep(0.01)


@contextlib.contextmanager
def started(server, tree, work, name, threads, prefix=()):
    """The server, ready, with what it needs beside it; all ended when the block is left.  `prefix` goes before the commands."""
    ports = free_ports(server.port_count)
    with contextlib.ExitStack() as children:
        for number, command in enumerate(server.helper_commands(tree, ports)):
            children.enter_context(Child([*prefix, *command], work / f"{name}-helper{number}.log", cwd=tree))
        wait_until(lambda: server.helpers_ready(ports), 60, f"what {name} needs to be ready, see {work}")
        command = [*prefix, *server.start_command(tree, ports, threads, work)]
        child = children.enter_context(Child(command, work / f"{name}.log", cwd=tree))
        wait_until(lambda: _is_ready(server, child, ports, threads), 60, f"{name} to be ready, see {child.log}")
        yield child, ports


def _is_ready(server, child, ports, threads):
    if not child.alive():
        raise LiveError(f"the server ended with status {child.process.returncode}, see {child.log}")
    # The first worker of several may answer before the last one is there, and would be the one that no update reaches.
    return server.ready(ports) and len(processes(child.pid)) >= server.process_count(threads)


def ask(port, request, until, seconds=5, connection=None):
    """Sends bytes and reads until the answer ends with `until`; b'' stands for a connection closed by the server."""
    own = connection is None
    if own:
        connection = socket.create_connection(("127.0.0.1", port), timeout=seconds)
    try:
        connection.settimeout(seconds)
        connection.sendall(request)
        answer = b""
        while not answer.endswith(until):
            got = connection.recv(65536)
            if not got:
                return b""
            answer += got
        return answer
    except (ConnectionResetError, BrokenPipeError):
        return b""
    finally:
        if own:
            connection.close()


def processes(pid):
    """The process and its descendants: a prefork server's workers, as they are now."""
    found = [pid]
    for each in found:
        for children in Path(f"/proc/{each}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                found += map(int, children.read_text().split())
    return found


def lasting_processes(server, child):
    """Those that must neither end nor be joined by others: all, unless processes come and go with connections."""
    return [child.pid] if server.process_per_connection else processes(child.pid)


def must_be_those(server, child, pids):
    """Raises if its lasting processes are others now."""
    now = lasting_processes(server, child)
    if now != pids:
        raise LiveError(f"the server's processes were {pids} and are {now}")


def runs(pid):
    """False once it has ended, reaped or not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Wfpatch:
    """The command, on a process and those that descend from it, whichever these are at the time."""

    def __init__(self, tool, pid, allow_active=()):
        self.tool, self.pid = tool, pid
        self.allowed = [f"--allow-active={function}" for function in allow_active]

    def _run(self, command, *words):
        """An answer for each process."""
        whole = [self.tool, command, self.pid, *words, "--children", "--json"]
        result = subprocess.run([str(word) for word in whole], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if result.returncode != 0:
            said = (result.stdout + result.stderr).strip()
            raise LiveError(f"wfpatch {' '.join(map(str, [command, self.pid, *words]))} exited {result.returncode}: {said}")
        answer = json.loads(result.stdout)
        return [answer, *answer["children"]]

    def _change(self, *words, mode):
        answers = self._run(*words, f"--mode={mode}", *self.allowed)
        # What a child was forked with was no change of its own.
        return [answer for answer in answers if answer["updates"] and "apply_us" in answer["updates"][-1]]

    def apply(self, update, mode="wait-free", wait=True):
        return self._change("apply", update, *([] if wait else ["--no-wait"]), mode=mode)

    def revert(self, mode="wait-free"):
        return self._change("revert", mode=mode)

    def status(self):
        return self._run("status")

    def settled(self):
        """The newest update's row of each process once no update is moving anywhere, else None."""
        updates = [status["updates"] for status in self.status()]
        if any(not rows or any(row["state"] == "moving" for row in rows) for rows in updates):
            return None
        return [rows[-1] for rows in updates]

    def wait_settled(self, seconds=20):
        return wait_until(self.settled, seconds, "every thread to change over")
