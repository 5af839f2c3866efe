"""What the harness needs to know of a package, and of a server.

A description is a class derived from one of these, in an executable beside this package.  Commands are lists of words; those
that build may name {cc}, {cxx}, {libs} and {ldflags} (see build.Toolchain.variables).  Everything listens on loopback, keeps its
files in `work`, and is a child of the harness: nothing survives it.
"""

import socket


class Package:
    """A Debian source package and how it is built."""

    name = None
    package = None  # Debian's source package
    version = None  # of it, if not the newest on offer, with ...
    dsc_sha256 = None  # ... the digest of its .dsc file: a version that the index no longer has is taken from the pool
    first = None  # what the name of the first patch of interest contains; those before it (packaging) are part of state 0
    incomplete = ()  # what the names of patches contain that do not compile without the next one: both count as one
    build_packages = []  # what it is built and asked with, besides what scripts/install-deps installs anyhow
    difference = None  # a difference.Difference, if fixes of upstream are of interest and not debian/patches
    binary = None  # the program, relative to the tree
    kept = (".o", ".a", ".so")  # how the names of the files end that a state of a built tree consists of, besides the program

    configure_commands = []
    make_commands = []

    def remake_commands(self, changed):
        """How a built tree is brought up to date after a patch that changed these files."""
        return self.make_commands


class Server(Package):
    """One whose program serves."""

    fix = None  # what the name of the patch contains that the scenario applies live
    port_count = 1
    rate = 10000  # requests per second in the scenario: fewer than it can answer
    threads = 4  # that it serves with where speed is measured: one processor is its own
    process_per_connection = False
    status_at_end = 0  # upon SIGTERM

    def helper_commands(self, tree, ports):
        """What must run before the server."""
        return []

    def helpers_ready(self, ports):
        return True

    def start_command(self, tree, ports, threads, work):
        """The server in the foreground, with `threads` threads or processes that serve."""
        raise NotImplementedError

    def process_count(self, threads):
        """How many processes it has when all have begun."""
        return 1

    def ready(self, ports):
        """True once requests are answered."""
        raise NotImplementedError

    def load_arguments(self, tree, ports):
        """What server-load is told of the protocol."""
        raise NotImplementedError

    def connect(self, ports):
        return socket.create_connection(("127.0.0.1", ports[0]), timeout=5)

    def probe(self, ports, connection):
        """Which code answers, on this connection or on one of its own: "old", "new", or what came instead."""
        raise NotImplementedError

    def exploit(self, ports):
        """What the server answers to the request that the fix is for; b"" if it closed the connection."""
        raise NotImplementedError

    def is_harmed(self, answer):
        """Whether an answer of the unpatched server to the exploit shows the harm, where that is not the process's death."""
        return False

    def is_refusal(self, answer):
        """Whether this is what the fixed server answers to the exploit."""
        raise NotImplementedError
