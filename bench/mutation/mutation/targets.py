"""What is mutated: real servers and libraries from Debian, and the repository's own programs.

A target is compiled unit by unit with explicit commands, all relative to its tree, so that a copy of the tree compiles to the
same objects and the units of the copies have the same keys.  `obj/` in a tree holds the objects that wfdiff compares.
"""

import hashlib
import inspect
import os
import re
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "bench/servers"))
from harness import debian, live  # noqa: E402


class TargetError(Exception):
    pass


def _run(command, cwd, log):
    with open(log, "ab") as output:
        result = subprocess.run([str(w) for w in command], cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    if result.returncode:
        raise TargetError(f"{' '.join(map(str, command))} failed in {cwd}, see {log}")


def hard_link_tree(source, target):
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, copy_function=os.link, symlinks=True)


class Target:
    name = ""
    weight = 1
    network = False  # must be fetched
    flags = []
    mutable = re.compile(r"")  # units that are mutated
    program = False  # can be linked and run

    def unpack(self, work, tree, log):
        """Lays the sources out in `tree`, and runs what must be run before they compile."""
        raise NotImplementedError

    def sources(self, tree):
        """Paths of the units, relative to the tree."""
        raise NotImplementedError

    def unit_flags(self, source):
        return self.flags

    def link_arguments(self, tree):
        return []

    # What follows concerns programs that are run.

    def start(self, binary, work, environment):
        """A started _Process."""
        raise NotImplementedError


class Build:
    """A target with a toolchain and a folder: base tree, copies for workers, commands."""

    def __init__(self, target, toolchain, work):
        self.target, self.toolchain, self.work = target, toolchain, Path(work) / target.name
        self.base = self.work / "base"

    def object_of(self, source):
        return "obj/" + source.replace("/", "_") + ".o"

    def compiler(self, source):
        return self.toolchain.clang + ("++" if not source.endswith(".c") else "")

    def compile_command(self, source):
        return [self.compiler(source), f"-fplugin={self.toolchain.plugin}", "-w", *self.target.unit_flags(source), "-c", source,
                "-o", self.object_of(source)]

    def parse_arguments(self, source, resources):
        return ["-resource-dir", resources, *self.target.unit_flags(source)]

    def environment(self, tree):
        return {**os.environ, "WFPATCH_ROOT": str(tree), "LC_ALL": "C"}

    def compile(self, tree, source):
        """Returns None, or the compiler's complaint."""
        result = subprocess.run(self.compile_command(source), cwd=tree, env=self.environment(tree), stdin=subprocess.DEVNULL,
                                capture_output=True, text=True)
        return None if result.returncode == 0 else result.stderr

    def link(self, tree, output, objects=None, flags=()):
        objects = objects or [self.object_of(s) for s in self.sources]
        command = [self.toolchain.clang + "++", "-fuse-ld=lld", *flags, "-o", output, *objects,
                   *self.target.link_arguments(tree)]
        result = subprocess.run([str(w) for w in command], cwd=tree, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if result.returncode:
            raise TargetError(f"{self.target.name}: link failed: {result.stderr[-2000:]}")

    def sanitized(self, output, tree=None, edited=None):
        """Links the program with AddressSanitizer and without the plugin: the base, or with source `edited` from `tree`."""
        folder = self.work / "sanitized"
        folder.mkdir(exist_ok=True)
        objects = []
        for source in self.sources:
            place = (folder / self.object_of(source)[4:]).with_suffix(".edited.o" if source == edited else ".o")
            if source == edited or not place.exists():
                command = [self.compiler(source), "-w", *self.target.unit_flags(source), "-O1", "-g", "-fsanitize=address", "-c",
                           source, "-o", str(place)]
                subprocess.run(command, cwd=tree if source == edited else self.base, stdin=subprocess.DEVNULL, check=True)
            objects.append(place)
        self.link(self.base, output, objects, ["-fsanitize=address"])

    def _stamp(self):
        """A hash of what the base is made from."""
        stamp = hashlib.sha256(self.toolchain.plugin.read_bytes())
        version = subprocess.run([self.toolchain.clang, "--version"], capture_output=True, check=True).stdout
        stamp.update(version + repr((self.target.flags, self.target.__class__.__name__)).encode())
        target = self.target
        for code in (target.unpack, target.sources, target.unit_flags, target.link_arguments, self.compile_command, self.link):
            stamp.update(inspect.getsource(code).encode())
        stamp.update(target.inputs())
        return stamp.hexdigest()

    def prepare(self, say, parallel):
        """Makes the base tree, unless it is there and made by the same tools."""
        stamp_file, stamp = self.work / "stamp", self._stamp()
        fresh = stamp_file.exists() and stamp_file.read_text() == stamp
        if not fresh:
            say(f"{self.target.name}: building the base")
            stamp_file.unlink(missing_ok=True)
            self.work.mkdir(parents=True, exist_ok=True)
            for made in ("base", "sanitized", "sites"):
                shutil.rmtree(self.work / made, ignore_errors=True)
            self.target.unpack(self.work, self.base, self.work / "log")
            (self.base / "obj").mkdir(exist_ok=True)
        self.sources = self.target.sources(self.base)
        if not fresh:
            for source, complaint in parallel(lambda s: (s, self.compile(self.base, s)), self.sources):
                if complaint:
                    raise TargetError(f"{self.target.name}: {source}: {complaint[-2000:]}")
            if self.target.program:
                self.link(self.base, self.work / "program")
            stamp_file.write_text(stamp)
        self.mutable = [s for s in self.sources if self.target.mutable.match(s)]
        return self


@dataclass
class Answers:
    """What a program answered to a dialogue, and why not to all of it: "" or "mute" or "closed"."""

    transcript: list
    failure: str = ""

    def agrees(self, one, other):
        """Whether it has what two other processes have in common, which are the same program and yet differ."""
        if other is None or one == other or {len(one.transcript), len(other.transcript)} != {len(self.transcript)}:
            return False
        rows = zip(self.transcript, one.transcript, other.transcript)
        return self.failure == one.failure == other.failure and all(a == b for a, b, c in rows if b == c)

    def difference(self, other):
        for i, (mine, theirs) in enumerate(zip(self.transcript, other.transcript)):
            if mine != theirs:
                return f"answer {i}: {mine!r}, not {theirs!r}"[:400]
        return (f"{len(self.transcript)} answers, then {self.failure or 'the end'};"
                f" not {len(other.transcript)}, then {other.failure or 'the end'}")


class _Process:
    """A server on a TCP port."""

    def __init__(self, command, port, log, environment, dialogue, greeting):
        self.port, self.dialogue, self.log = port, dialogue, log
        self.child = live.Child(command, log, env=environment)
        self.greeting = greeting

    @property
    def pid(self):
        return self.child.pid

    def wait_ready(self, seconds):
        """Until it answers."""
        request, until = self.greeting
        self._wait(lambda: live.ask(self.port, request, until, seconds=1) != b"", seconds)

    def wait_listening(self, seconds):
        """Until it has started; what it answers is another thing."""
        self._wait(lambda: socket.create_connection(("127.0.0.1", self.port), timeout=1).close() is None, seconds)

    def _wait(self, condition, seconds):
        def ready():
            if not self.child.alive():
                raise live.LiveError("it ended at once")
            try:
                return condition()
            except OSError:
                return False
        live.wait_until(ready, seconds, "the server to be ready")

    def ask(self, seconds):
        """Each request on one connection, each answer until what ends it; an answer takes `seconds` at most."""
        answers = Answers([])
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
                for request, until in self.dialogue:
                    connection.sendall(request)
                    answer = b""
                    while not answer.endswith(until):
                        got = connection.recv(65536)
                        if not got:
                            answers.failure = "closed"
                            return answers
                        answer += got
                    answers.transcript.append(answer)
        except TimeoutError:
            answers.failure = "mute"
        except OSError:
            answers.failure = "closed"
        return answers

    def alive(self):
        return self.child.alive()

    def stop(self):
        if self.child.alive():
            self.child.process.kill()
        self.child.process.wait()


class Redis(Target):
    name, weight, network, program = "redis", 10, True, True
    flags = ["-std=c11", "-O2", "-DREDIS_STATIC=", "-D_GNU_SOURCE", "-Ideps/hiredis", "-Ideps/linenoise", "-Ideps/lua/src",
             "-Ideps/hdr_histogram", "-fno-omit-frame-pointer"]
    # commands.c is one generated table, module.c and server.c would take a third of the time.
    mutable = re.compile(r"src/(?!commands|module|server|sentinel|cluster|release)")

    def inputs(self):
        return b""

    def unpack(self, work, tree, log):
        source = debian.fetch("redis", work)
        debian._run(["dpkg-source", "--no-copy", "--extract", source.dsc, tree])
        _run(["make", "-C", "deps", "hiredis", "lua", "hdr_histogram", "CC=gcc"], tree, log)
        _run(["sh", "-c", "cd src && sh ./mkreleasehdr.sh"], tree, log)

    def sources(self, tree):
        text = (tree / "src/Makefile").read_text()
        objects = re.search(r"^REDIS_SERVER_OBJ=(.*)$", text, re.M).group(1).split()
        return ["src/" + o[:-2] + ".c" for o in objects]

    def link_arguments(self, tree):
        return ["deps/hiredis/libhiredis.a", "deps/lua/src/liblua.a", "deps/hdr_histogram/libhdrhistogram.a", "-rdynamic", "-lm",
                "-ldl", "-pthread", "-lrt"]

    def _dialogue(self):
        # Nothing of which a program that nothing was done to gives two answers: MEMORY USAGE tells of the heap's history.
        def inline(line):
            if line == "MULTI" or line.startswith("INCR "):  # the end would be queued too
                return (line.encode() + b"\r\n", b"\r\n")
            return (line.encode() + b"\r\nECHO the-end\r\n", b"$7\r\nthe-end\r\n")
        return [inline(line) for line in """\
FLUSHALL
SET a 1
GET a
INCRBY a 41
APPEND a xyz
STRLEN a
GETRANGE a 1 3
SETRANGE a 5 hello
SETBIT bits 77 1
BITCOUNT bits
BITPOS bits 1
BITFIELD bits SET u8 0 200 GET i5 3 INCRBY u4 8 9
LPUSH l 3 1 2 40 -7
LRANGE l 0 -1
SORT l DESC
LINSERT l BEFORE 2 9
LPOS l 40
LMOVE l m LEFT RIGHT
RPOP l
SADD s 1 2 3 4 5
SADD t 4 5 6 word
SINTERSTORE u s t
SORT u
SDIFFSTORE v s t
SORT v
OBJECT ENCODING s
OBJECT ENCODING t
ZADD z 1.5 one 2.25 two -3 three
ZRANGE z 0 -1 WITHSCORES
ZRANGEBYSCORE z -inf 2
ZINCRBY z 10 three
ZRANK z three
HSET h f 1 g two
HGETALL h
HINCRBYFLOAT h f 0.5
XADD x 1-1 k v
XADD x 1-2 k w
XRANGE x - +
XLEN x
PFADD p a b c d e
PFCOUNT p
GEOADD geo 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
GEODIST geo Palermo Catania
GEOHASH geo Palermo Catania
EVAL "return {KEYS[1],ARGV[1],redis.call('get','a'),1+2}" 1 k v
MULTI
INCR n
INCR n
EXEC
EXPIRE a 100
PERSIST a
TYPE z
RENAME z zz
EXISTS z zz
DUMP n
COPY l l2
OBJECT ENCODING l
SELECT 3
SET other 1
SWAPDB 0 3
SELECT 0
DBSIZE
SWAPDB 0 3
LOLWUT VERSION 5 20 3 2
ACL WHOAMI
ACL LIST
CONFIG GET maxmemory-policy
SCRIPT EXISTS ffffffffffffffffffffffffffffffffffffffff
OBJECT REFCOUNT n
NOSUCH command
GET
LPUSH a 1""".splitlines()]

    def start(self, binary, work, environment):
        port, = live.free_ports(1)
        command = [binary, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", work, "--io-threads",
                   "2", "--hz", "50"]
        return _Process(command, port, work / "redis.log", environment, self._dialogue(), (b"PING\r\n", b"\r\n"))


class Memcached(Target):
    name, weight, network, program = "memcached", 6, True, True
    flags = ["-std=gnu99", "-O2", "-g", "-DHAVE_CONFIG_H", "-DNDEBUG", "-I.", "-pthread"]
    mutable = re.compile(r".*")

    def inputs(self):
        return b""

    def unpack(self, work, tree, log):
        source = debian.fetch("memcached", work)
        debian._run(["dpkg-source", "--no-copy", "--extract", source.dsc, tree])
        _run(["./configure", "--disable-extstore", "--disable-docs", "CC=gcc"], tree, log)

    def sources(self, tree):
        text = (tree / "Makefile.am").read_text().split("memcached_SOURCES =")[1].split("\n\n")[0]
        privileges = ["linux_priv.c"] if "#define HAVE_DROP_PRIVILEGES" in (tree / "config.h").read_text() else []
        return re.findall(r"\w+\.c\b", text) + privileges

    def link_arguments(self, tree):
        libraries = re.search(r"^LIBS = (.*)$", (tree / "Makefile").read_text(), re.M).group(1).split()
        return ["-pthread", *libraries]

    def _dialogue(self):
        simple = [
            (b"version\r\n", b"\r\n"), (b"set a 5 0 3\r\nabc\r\n", b"\r\n"), (b"get a\r\n", b"END\r\n"),
            (b"append a 0 0 2\r\nxy\r\n", b"\r\n"), (b"prepend a 0 0 2\r\n__\r\n", b"\r\n"), (b"get a b c\r\n", b"END\r\n"),
            (b"add a 0 0 1\r\nz\r\n", b"\r\n"), (b"replace a 9 0 1\r\nz\r\n", b"\r\n"), (b"set n 0 0 2\r\n41\r\n", b"\r\n"),
            (b"incr n 1\r\n", b"\r\n"), (b"decr n 40\r\n", b"\r\n"), (b"incr a 1\r\n", b"\r\n"), (b"touch a 100\r\n", b"\r\n"),
            (b"gat 100 a\r\n", b"END\r\n"), (b"ms m S4 F7 T90\r\nwxyz\r\n", b"\r\n"), (b"mg m s v f\r\n", b"\r\n"),
            (b"ma n D5\r\n", b"\r\n"), (b"md m\r\n", b"\r\n"), (b"mg m v\r\n", b"\r\n"), (b"mn\r\n", b"\r\n"),
            (b"delete a\r\n", b"\r\n"), (b"delete a\r\n", b"\r\n"), (b"verbosity 0\r\n", b"\r\n"), (b"nonsense\r\n", b"\r\n"),
            (b"get " + b"k" * 300 + b"\r\n", b"\r\n"), (b"set big 0 0 6000\r\n" + b"b" * 6000 + b"\r\n", b"\r\n"),
            (b"get big\r\n", b"END\r\n"), (b"delete big\r\n", b"\r\n"), (b"stats reset\r\n", b"\r\n"),
            (b"cache_memlimit 64\r\n", b"\r\n"), (b"lru tune 20 40 0.2 2.0\r\n", b"\r\n"),
        ]
        return simple

    def start(self, binary, work, environment):
        port, = live.free_ports(1)
        command = [binary, "-u", "root", "-U", "0", "-m", "64", "-t", "2", "-l", f"127.0.0.1:{port}"]
        return _Process(command, port, work / "memcached.log", environment, self._dialogue(), (b"version\r\n", b"\r\n"))


UNICODE_TABLES = """\
#include "re2/unicode_casefold.h"
#include "re2/unicode_groups.h"
namespace re2 {
static const URange16 latin[] = {{65, 90}, {97, 122}, {170, 170}, {192, 214}, {216, 246}, {248, 591}};
static const URange16 digits[] = {{48, 57}, {1632, 1641}};
static const URange32 ancient[] = {{66432, 66461}};
const UGroup unicode_groups[] = {
    {"L", +1, latin, 6, ancient, 1}, {"Ll", +1, latin, 6, 0, 0}, {"Lm", +1, latin, 6, 0, 0}, {"Lo", +1, latin, 6, ancient, 1},
    {"Lt", +1, latin, 6, 0, 0},      {"Lu", +1, latin, 6, 0, 0}, {"Mc", +1, digits, 2, 0, 0}, {"Mn", +1, digits, 2, 0, 0},
    {"Nd", +1, digits, 2, 0, 0},     {"Nl", +1, digits, 2, 0, 0}, {"Pc", +1, digits, 2, 0, 0}};
const int num_unicode_groups = 11;
const CaseFold unicode_casefold[] = {{65, 90, 32}, {97, 122, -32}, {192, 214, 32}, {224, 246, -32}};
const int num_unicode_casefold = 4;
const CaseFold unicode_tolower[] = {{65, 90, 32}, {192, 214, 32}};
const int num_unicode_tolower = 2;
}
"""


class Re2(Target):
    """A C++ library with a small program around it: templates, COMDAT, destructors in unwinding."""

    name, weight, network, program = "re2", 7, True, True
    flags = ["-std=c++17", "-O2", "-pthread", "-I."]
    mutable = re.compile(r"(?:re2|util)/")

    def inputs(self):
        return (HERE / "re2_ask.cc").read_bytes()

    def unpack(self, work, tree, log):
        source = debian.fetch("re2", work)
        debian._run(["dpkg-source", "--no-copy", "--extract", source.dsc, tree])
        shutil.copy(HERE / "re2_ask.cc", tree)
        # Debian's source has no generated tables.  Perl's groups are generated as in its build; Unicode's, which would take
        # another package, get a few rows.
        groups = subprocess.run(["perl", "re2/make_perl_groups.pl"], cwd=tree, capture_output=True, text=True, check=True)
        (tree / "re2/perl_groups.cc").write_text(groups.stdout)
        (tree / "re2/unicode_tables.cc").write_text(UNICODE_TABLES)

    def sources(self, tree):
        library = sorted(p.name for p in (tree / "re2").glob("*.cc"))
        return ["re2/" + name for name in library] + ["util/rune.cc", "util/strutil.cc", "re2_ask.cc"]

    def link_arguments(self, tree):
        return ["-pthread"]

    def _dialogue(self):
        pairs = [
            ("a+b", "xaab"), ("(\\w+) (\\w+)", "hello big world"), ("^(?i)HELLO", "hello"), ("[[:digit:]]{2,4}x?", "a12345x"),
            ("(a|b)*abb", "ababb"), ("\\pL+\\d", "caf\u00e9s9"), ("(?P<year>\\d+)-(?P<m>\\d+)", "on 2024-05-06"), ("(", "bad"),
            ("a{1001}", "bad"), ("[z-a]", "bad"), ("x*", ""), ("(?s).*?end$", "the\\nend"), ("\\bfoo\\b", "a foo b"),
            ("(a(b(c)?)?)?d", "abd"), ("[^a-f0-9]+", "abc-xyz-09"), ("(?U)a+", "aaa"), ("(?m)^b$", "a\\nb\\nc"), (".", "\u20ac"),
            ("(foo|foobar|foob)(ar|r)?", "foobar"), ("((a{0,9}){0,9}){0,5}", "aaaa"), ("\\Qa.b\\E", "a.b"), ("(?:ab|cd)+?e", "abcde"),
        ]
        return [(f"{p}\t{t}\n".encode(), b"\n") for p, t in pairs]

    def start(self, binary, work, environment):
        port, = live.free_ports(1)
        return _Process([binary, port], port, work / "re2.log", environment, self._dialogue(), (b"a\ta\n", b"\n"))


class Netservice(Target):
    name, weight, program = "netservice", 5, True
    flags = ["-O2", "-g", "-Isrc", "-D_GNU_SOURCE"]
    mutable = re.compile(r"src/(?!with_sandbox|sandbox)")

    def inputs(self):
        return b"".join(p.read_bytes() for p in sorted((ROOT / "examples/netservice/src").iterdir()))

    def unpack(self, work, tree, log):
        shutil.copytree(ROOT / "examples/netservice/src", tree / "src")

    def sources(self, tree):
        return sorted(f"src/{p.name}" for p in (tree / "src").iterdir()
                      if p.suffix in (".c", ".cpp") and p.name != "with_sandbox.c")

    def unit_flags(self, source):
        return self.flags + (["-std=gnu11"] if source.endswith(".c") else ["-std=c++20"])

    def link_arguments(self, tree):
        return ["-pthread"]

    def _dialogue(self):
        lines = ["version 1", "set 2 key 0 some value", "get 3 key", "range 4 key 5 3", "range 5 key 5 9999", "set 6 short 1 gone",
                 "sum 7 100 words", "sum 8 100001 x", "get 9 nothing", "nonsense 10", "wait 11 1", "set 12", "range 13 key x y",
                 "set 14 " + "k" * 70 + " 0 v", "get 15 key", "get x key"]
        return [(line.encode() + b"\n", b"\n") for line in lines]

    def start(self, binary, work, environment):
        port, = live.free_ports(1)
        return _Process([binary, "--port", port, "--threads", "2", "--seconds", "3600"], port, work / "netservice.log", environment,
                        self._dialogue(), (b"version 1\n", b"\n"))


class Samples(Target):
    """The tests' own programs, where the rarer constructs are: exceptions, lambdas, labels as values, thread-locals.

    They are compared only: what they do when they are updated is shown by the tests that they belong to.
    """

    name, weight = "samples", 4
    short = False  # a few only, named, so that a new test changes nothing
    FEW = ["test/e2e/calls.c", "test/diff-tool/labels.c", "test/diff-tool/refuse-inside.c", "test/plugin/conventions.c",
           "test/diff-tool/refuse-changed-constant.c", "test/plugin/info-lines.c", "test/plugin/polls-run.cpp",
           "test/plugin/records-cxx.cpp", "test/plugin/storage-stays.cpp", "test/diff-tool/static-locals.c"]
    REFUSED = ["test/diff-tool/refuse-name-hash.c"]  # whatever the edit
    flags = ["-O2", "-Iruntime/include", "-pthread"]
    mutable = re.compile(r".*")

    def _files(self):
        if self.short:
            yield from map(Path, self.FEW)
            return
        for folder in ("test/e2e", "test/diff-tool", "test/plugin"):
            for path in sorted((ROOT / folder).glob("*.c*")):
                if path.suffix in (".c", ".cpp"):
                    yield path.relative_to(ROOT)

    def inputs(self):
        return b"".join((ROOT / f).read_bytes() for f in self._files())

    def unpack(self, work, tree, log):
        shutil.copytree(ROOT / "runtime/include", tree / "runtime/include")
        for file in self._files():
            (tree / file).parent.mkdir(parents=True, exist_ok=True)
            # OLD's side of the pair; those that need more than one unit or odd flags do not compile, and are left out.
            shutil.copy(ROOT / file, tree / file)

    def unit_flags(self, source):
        return self.flags + ([] if source.endswith(".c") else ["-std=c++20"])

    def sources(self, tree):
        good = tree / "compiles"
        if not good.exists():
            found = []
            for file in self._files():
                command = ["clang-22" if shutil.which("clang-22") else "clang", "-fsyntax-only", "-w", *self.unit_flags(str(file)),
                           str(file)]
                text = (tree / file).read_text()
                odd = "coroutine" in str(file) or str(file) in self.REFUSED or "-x ir" in text or "asm(" in text
                if not odd and subprocess.run(command, cwd=tree, capture_output=True).returncode == 0:
                    found.append(str(file))
            good.write_text("\n".join(found))
        return good.read_text().split()


ALL = [Redis, Memcached, Re2, Netservice, Samples]
