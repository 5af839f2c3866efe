"""One edit from site to record, and the campaign over all of them.

An edit is known by seed and number: both make the random generator, so that any edit can be repeated alone.
"""

import difflib
import hashlib
import json
import multiprocessing
import os
import random
import shutil
import subprocess
import time
from pathlib import Path

from . import edits, oracle, verdict
from .observe import Session
from .targets import hard_link_tree


class Setting:
    """What all workers share; made before they are forked."""

    def __init__(self, options, toolchain, builds):
        self.options, self.toolchain, self.builds = options, toolchain, builds
        self.wfdiff = toolchain.tool("wfdiff")
        tools = Path(os.path.realpath(toolchain.clang)).parent
        self.objdump = tools / "llvm-objdump"
        self.libclang = tools.parent / "lib/libclang.so.1"
        if not self.libclang.exists():
            self.libclang = next((tools.parent / "lib").glob("libclang-[0-9]*.so"))
        self.resources = subprocess.run([toolchain.clang, "-print-resource-dir"], capture_output=True, text=True,
                                        check=True).stdout.strip()
        self.wfdiff_hash = hashlib.sha256(self.wfdiff.read_bytes()).hexdigest()[:12]

    def site_list(self, job):
        """Finds a source's sites, once: (target, source) -> sites by kind."""
        name, source = job
        build = self.builds[name]
        path = build.base / source
        key = hashlib.sha256(path.read_bytes() + Path(edits.__file__).read_bytes()).hexdigest()
        kept = build.work / "sites" / (build.object_of(source)[4:] + ".json")
        if kept.exists():
            known = json.loads(kept.read_text())
            if known["key"] == key:
                return known["sites"]
        previous = os.getcwd()
        os.chdir(build.base)
        try:
            found = edits.sites(self.libclang, source, build.parse_arguments(source, self.resources))
        except ValueError as error:
            found = []
            print(f"{name}: not mutated: {error}", flush=True)
        finally:
            os.chdir(previous)
        by_kind = {}
        for site in found:
            by_kind.setdefault(site["kind"], []).append(site)
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps({"key": key, "sites": by_kind}))
        return by_kind


class Worker:
    def __init__(self, setting, number):
        self.setting, self.number = setting, number
        self.trees, self.sessions, self.sites = {}, {}, {}

    def close(self):
        for session in self.sessions.values():
            session.close()

    def tree(self, build):
        tree = build.work / f"work{self.number}"
        if build.target.name not in self.trees:
            hard_link_tree(build.base, tree)
            self.trees[build.target.name] = tree
        return tree

    def _choose(self, chance):
        builds = self.setting.builds
        name = chance.choices(list(builds), [b.target.weight for b in builds.values()])[0]
        build = builds[name]
        kinds = edits.SEMANTIC if chance.random() < 0.65 else edits.NEUTRAL
        while True:  # until a source has sites of the kind
            kind = chance.choices(list(kinds), list(kinds.values()))[0]
            source = chance.choice(build.mutable)
            sites = self._sites(name, source).get(kind)
            if sites:
                return build, source, chance.choice(sites)

    def _sites(self, name, source):
        key = (name, source)
        if key not in self.sites:
            self.sites[key] = self.setting.site_list(key)
        return self.sites[key]

    def edit(self, number):
        begin = time.monotonic()
        chance = random.Random(f"{self.setting.options.seed}/{number}")
        build, source, site = self._choose(chance)
        record = {"number": number, "target": build.target.name, "source": source, "kind": site["kind"],
                  "function": site["function"], "semantic": site["kind"] in edits.SEMANTIC, "was": site["was"][:200],
                  "wfdiff": self.setting.wfdiff_hash}
        old_text = (build.base / source).read_bytes().decode("latin-1")
        new_text, facts = edits.apply(old_text, site, chance, number)
        record.update(facts)
        observed = chance.random() < 0.42  # a third of all, since `samples` are compared only
        self.make(record, build, source, old_text, new_text, observed)
        record["seconds"] = round(time.monotonic() - begin, 2)
        return record

    def make(self, record, build, source, old_text, new_text, observed):
        """Makes the edit of `source` and has it judged: completes the record."""
        tree = self.tree(build)
        places = [source, build.object_of(source)]
        try:
            for place in places:  # hard links to the base
                (tree / place).unlink(missing_ok=True)
            (tree / source).write_bytes(new_text.encode("latin-1"))
            complaint = build.compile(tree, source)
            if complaint is not None:
                record.update(result="discarded", complaint=complaint[-300:])
            else:
                self._judge(record, build, tree, source, old_text, new_text, observed)
        finally:
            for place in places:
                (tree / place).unlink(missing_ok=True)
                os.link(build.base / place, tree / place)

    def _judge(self, record, build, tree, source, old_text, new_text, observed):
        place = build.object_of(source)
        update = build.work / f"update{self.number}.wfp"
        result = self._diff(build.base, tree, update, "--json")
        try:
            answer = json.loads(result.stdout)
        except ValueError:
            answer = None
        facts = oracle.compare(build.base / place, tree / place, self.setting.objdump, old_text, new_text,
                               record.get("renamed", {}))
        layouts = verdict.changed_layouts(build.base / place, tree / place)
        users = self._users(build, place, facts)
        seen, classes, wrong = verdict.judge(answer, result.returncode, place[4:], facts, layouts, users)
        record.update(verdict=seen, refusals=sorted(set(classes)), replaced=len(facts.replaced), added=len(facts.added),
                      removed=len(facts.removed), noise=facts.noise)
        if seen == "update" and observed and build.target.program and not wrong:
            session = self.sessions.get(build.target.name)
            if session is None:
                folder = build.work / f"run{self.number}"
                session = self.sessions[build.target.name] = Session(build, folder, self._demangled)
            replaced = set(facts.replaced) | facts.removed | set().union(*users.values(), [])
            back = self._update_back(record, build, tree)
            record["observed"], unlike = session.observe(update, replaced | facts.added, replaced, tree, source, back)
            wrong += unlike
        record["wrong"] = wrong
        record["result"] = "wrong" if wrong else "right"
        if wrong:
            record["kept"] = str(self._keep(record, build, tree, source, old_text, new_text, result, facts))

    def _diff(self, old, new, update, *options):
        update.unlink(missing_ok=True)
        command = [str(self.setting.wfdiff), str(old / "obj"), str(new / "obj"), "-o", str(update), *options]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def _update_back(self, record, build, tree):
        """The update from the edited build to the base, which goes upon the first; None if it is refused."""
        update = build.work / f"back{self.number}.wfp"
        code = self._diff(tree, build.base, update).returncode
        record["back"] = {0: "update", 1: "refused"}.get(code, f"exit {code}")
        return update if code == 0 else None

    def _demangled(self, names):
        tool = self.setting.objdump.parent / "llvm-cxxfilt"
        plain = subprocess.run([tool], input="\n".join(names), capture_output=True, text=True).stdout.split("\n")
        return set(names) | {n for n in plain if n}

    def _users(self, build, place, facts):
        """Functions of other units that use a constant which changed here, by unit."""
        names, found = facts.linked_constants, {}
        if names:
            for other in sorted((build.base / "obj").glob("*.o")):
                content = other.read_bytes()
                if other.name != place[4:] and any(n.encode() in content for n in names):
                    users = oracle.Unit(other, self.setting.objdump).uses(names)
                    if users:
                        found[other.name] = users
        return found

    def _keep(self, record, build, tree, source, old_text, new_text, result, facts):
        folder = self.setting.options.work / "wrong" / f"{self.setting.options.seed}-{record['number']}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        place = build.object_of(source)
        shutil.copy(build.base / place, folder / "old.o")
        shutil.copy(tree / place, folder / "new.o")
        difference = difflib.unified_diff(old_text.split("\n"), new_text.split("\n"), f"a/{source}", f"b/{source}", lineterm="")
        (folder / "edit.patch").write_bytes("\n".join(difference).encode("latin-1"))
        (folder / "wfdiff.json").write_text(result.stdout + result.stderr)
        (folder / "oracle.json").write_text(json.dumps(facts.as_json(), indent=1))
        return folder


_worker = None


def _begin(setting, numbers):
    global _worker
    with numbers.get_lock():
        mine = numbers.value
        numbers.value += 1
    _worker = Worker(setting, mine)
    # Processes of a worker end with it: the pool's workers leave through multiprocessing's finalizers.
    multiprocessing.util.Finalize(_worker, Worker.close, args=(_worker,), exitpriority=10)


def _edit(number):
    try:
        return _worker.edit(number)
    except Exception as error:  # a fault of the harness must not pass for a clean run, nor end it
        import traceback
        return {"number": number, "result": "fault", "wrong": [f"{type(error).__name__}: {error}"],
                "trace": traceback.format_exc()[-2000:]}


def run(setting, results, wanted, say):
    """Makes edits until `wanted` compile, from where `results` (a file of JSON lines) ends; returns all records."""
    records = {}
    if results.exists():
        for line in results.read_text().splitlines():
            record = json.loads(line)
            records[record["number"]] = record
    counted = sum(r["result"] not in ("discarded", "fault") for r in records.values())
    if counted >= wanted:
        return records
    todo = (n for n in range(10 ** 9) if n not in records)
    numbers = multiprocessing.Value("i", 0)
    began = time.monotonic()
    with results.open("a") as output, multiprocessing.Pool(setting.options.jobs, _begin, (setting, numbers)) as pool:
        flight = []
        while counted < wanted or flight:
            while counted + len(flight) < wanted and len(flight) < 2 * setting.options.jobs:
                flight.append(pool.apply_async(_edit, (next(todo),)))
            record = flight.pop(0).get()
            records[record["number"]] = record
            output.write(json.dumps(record) + "\n")
            output.flush()
            if record["result"] not in ("discarded", "fault"):
                counted += 1
                if counted % 25 == 0:
                    say(f"{counted} edits, {sum(r['result'] == 'wrong' for r in records.values())} wrong,"
                        f" {time.monotonic() - began:.0f} s")
            for statement in record.get("wrong", []):
                say(f"edit {record['number']} ({record.get('target')}: {record.get('source')}, {record.get('kind')}): {statement[:400]}")
        pool.close()
        pool.join()
    return records


def repeat(setting, numbers, say):
    """Makes the given edits in this process, and says what there is to say of each."""
    worker = Worker(setting, "-again")
    try:
        found = [worker.edit(n) for n in numbers]
    finally:
        worker.close()
    for record in found:
        say(json.dumps(record, indent=1))
    return found
