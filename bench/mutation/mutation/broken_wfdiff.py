"""A wfdiff with a fault of one's choice, to see whether the mutation test notices: the real one, misled or misquoted.

Called as wfdiff is; BROKEN_WFDIFF names the fault, REAL_WFDIFF the real one.  Faults that mislead it give it objects in
which a difference is undone, so that report and update are what a wfdiff that cannot see this difference would make:

    drop-function      of the functions that differ, the first is not seen
    ignore-exceptions  exception tables are not compared
    ignore-constants   read-only data is not compared

Those that misquote it alter the answer:

    include-unchanged  one function more
    never-refuse       no refusals, exit status 0
    refuse             one refusal more, of a type's layout
    half-update        the report is right, but the update is drop-function's
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from mutation import elf  # noqa: E402

MISLED = {"drop-function": ".text.", "ignore-exceptions": ".gcc_except_table", "ignore-constants": ".rodata",
          "half-update": ".text."}


def _undo(old_path, new_path, prefix, once):
    """Gives sections of the new object that begin with `prefix` and differ the old one's content; all, or the first."""
    old, new = elf.Object(old_path), elf.Object(new_path)
    data = bytearray(Path(new_path).read_bytes())
    tables = {s.info: s for s in new.sections if s.kind == elf.SHT_RELA}

    def name(unit, relocation):
        symbol = unit.symbols[relocation.symbol]
        return symbol.name or unit.sections[symbol.section].name

    numbers = {(s.name or new.sections[s.section].name): s.index for s in new.symbols if s.name or s.section is not None}
    done = []
    for section in sorted((s for s in new.sections if s.name.startswith(prefix)), key=lambda s: s.name):
        namesakes = lambda unit: [s for s in unit.sections if s.name == section.name]
        if len(namesakes(old)) != len(namesakes(new)):
            sys.exit(f"broken_wfdiff: {section.name} has no counterpart")
        twin = namesakes(old)[namesakes(new).index(section)]
        same = lambda: (twin.data == section.data and
                        [(r.offset, r.type, r.addend, name(old, r)) for r in twin.relocations] ==
                        [(r.offset, r.type, r.addend, name(new, r)) for r in section.relocations])
        if same():
            continue
        if twin.size != section.size or len(twin.relocations) != len(section.relocations):
            sys.exit(f"broken_wfdiff: {section.name} cannot be given the old content")
        data[section.offset: section.offset + section.size] = twin.data
        for i, r in enumerate(twin.relocations):
            at = tables[section.index].offset + 24 * i
            fields = (r.offset, numbers[name(old, r)] << 32 | r.type, r.addend & (1 << 64) - 1)
            data[at: at + 24] = b"".join(f.to_bytes(8, "little") for f in fields)
        done.append(section.name)
        if once:
            break
    Path(new_path).unlink()
    Path(new_path).write_bytes(data)
    return done


def _mislead(old, new, folder, fault):
    """A copy of NEW in which differences of a kind are undone."""
    copy = Path(folder) / "obj"
    shutil.copytree(new, copy, copy_function=os.link)
    undone = []
    for path in sorted(copy.glob("*.o")):
        if path.read_bytes() != (Path(old) / path.name).read_bytes():
            undone += _undo(Path(old) / path.name, path, MISLED[fault], once=MISLED[fault] == ".text.")
    if not undone:
        sys.exit(f"broken_wfdiff: no {MISLED[fault]}* differs")
    return str(copy)


def _run(*words):
    return subprocess.run([os.environ["REAL_WFDIFF"], *words], stdin=subprocess.DEVNULL, capture_output=True, text=True)


def main():
    fault, (old, new, *rest) = os.environ["BROKEN_WFDIFF"], sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        if fault in MISLED and fault != "half-update":
            new = _mislead(old, new, folder, fault)
        result = _run(old, new, *rest)
        if fault == "half-update":
            half = _run(old, _mislead(old, new, folder, fault), *rest)
            if half.returncode != 0:
                sys.exit(f"broken_wfdiff: no half of the update: {half.stdout}{half.stderr}")
    answer, status = json.loads(result.stdout), result.returncode
    if fault == "include-unchanged":
        unit = next(p for p in sorted(Path(old).glob("*.o")))
        changed = {f["name"] for u in answer["units"] for f in u["functions"]}
        name = next(s.name for s in elf.Object(unit).symbols if s.type == elf.STT_FUNC and s.size and s.name not in changed)
        answer["units"].append({"path": unit.name, "functions": [{"name": name, "change": "replaced"}]})
        status = 0
    elif fault == "never-refuse":
        answer["refusals"], status = [], 0
    elif fault == "refuse":
        answer["refusals"].append({"symbol": "Text", "reason": "layout changed"})
        status = 1
    print(json.dumps(answer))
    sys.stderr.write(result.stderr)
    return status


if __name__ == "__main__":
    raise SystemExit(main())
