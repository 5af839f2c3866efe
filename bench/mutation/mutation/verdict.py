"""wfdiff's verdict against the oracle's: what is wrong with it, if anything."""

import re

from . import oracle

# What a refusal says -> what must be true for it, of (its symbol, the oracle's facts, the changed layouts).
def _is_in(names):
    return lambda symbol, facts, layouts: any(_same(symbol, n) for n in getattr(facts, names))


def _same(a, b):
    return oracle.Unit._base(a) == oracle.Unit._base(b)


REFUSALS = [
    ("initial value", r"initial value changed", _is_in("initial")),
    ("size or kind", r"size changed from|alignment changed|changed from \S+ to \S+ data", _is_in("resized")),
    ("layout", r"layout changed", lambda symbol, facts, layouts: symbol in layouts),
    ("vtable or RTTI", r"vtable changed|run-time type information", _is_in("constants")),
    ("constant", r"constant changed", _is_in("constants")),
    ("lost static local", r"static local of .* has no counterpart", _is_in("lost_data")),
    ("constructor", r"is a constructor and changed|is a new (con|de)structor",
     lambda symbol, facts, layouts: symbol in facts.replaced or symbol in facts.added or facts.startup),
    ("coroutine", r"coroutine", lambda symbol, facts, layouts: symbol in facts.replaced),
    ("labels", r"holds the address of a label", lambda symbol, facts, layouts: bool(facts.replaced)),
    ("leads into", r"leads into .*, which changed",
     lambda symbol, facts, layouts: symbol.split("+")[0] in facts.leads_into),
    ("convention", r"has another calling convention in NEW", lambda symbol, facts, layouts: False),  # no edit gives one
    ("removed callback", r"is removed, but its address may still be held", _is_in("removed")),
    ("no sled", r"changed, but has no (record|sled)", lambda symbol, facts, layouts: symbol in facts.replaced),
    ("relocation", r"needs relocation \S+ at .*, which updates do not support",
     lambda symbol, facts, layouts: symbol in facts.replaced or symbol in facts.added),
    ("ifunc", r"ifunc", lambda symbol, facts, layouts: symbol in facts.replaced),
]


def classify(refusal, facts, layouts):
    """(class, justified)"""
    for name, pattern, justified in REFUSALS:
        if re.search(pattern, refusal["reason"]):
            return name, bool(justified(refusal["symbol"], facts, layouts))
    return "unknown", False


def changed_layouts(old_path, new_path):
    """Names of types whose layout differs: {name: whether objects of it can outlive a function in both versions}."""
    old, new = oracle.layouts(old_path), oracle.layouts(new_path)
    result = {}
    shape = lambda l: (l[1], l[2], [(f["offset"], f["bits"], f["type"]) for f in l[3]])
    for key in old.keys() & new.keys():
        if shape(old[key]) != shape(new[key]):
            result[old[key][0]] = old[key][4] or new[key][4]
    return result


def judge(answer, status, unit, facts, layouts, users):
    """`answer`, `status`: wfdiff's JSON and exit status.  `unit`: the mutated object's path in the folder.  `users`: by
    unit, functions of other units that use a changed constant.  Returns (verdict, refusal classes, wrong statements)."""
    wrong = []
    verdict = {0: "update", 1: "refused", 3: "none"}.get(status, f"exit {status}")
    if answer is None:
        return verdict, [], [f"wfdiff exited {status} without an answer"]
    expected = {unit: set(facts.replaced)} | {path: set(names) for path, names in users.items()}
    seen = {path: set() for path in expected}
    added, removed = set(), set()
    name = lambda n: facts.aliases.get(n, facts.aliases.get(oracle.Unit._base(n), n))
    for entry in answer["units"]:
        for function in entry["functions"]:
            if function["change"] == "replaced":
                seen.setdefault(entry["path"], set()).add(name(function["name"]))
            elif entry["path"] == unit:
                (added if function["change"] == "added" else removed).add(name(function["name"]))
    for path in sorted(set(expected) | set(seen)):
        missed, idle = expected.get(path, set()) - seen.get(path, set()), seen.get(path, set()) - expected.get(path, set())
        wrong += [f"missed: {path}: {f}: {facts.replaced.get(f, 'uses a changed constant')}" for f in sorted(missed)]
        wrong += [f"included without need: {path}: {f}" for f in sorted(idle)]
    for what, mine, theirs in (("added", facts.added, added), ("removed", facts.removed, removed)):
        wrong += [f"{what}, unnoticed: {f}" for f in sorted(mine - theirs)]
        wrong += [f"not {what}: {f}" for f in sorted(theirs - mine)]

    classes = []
    for refusal in answer["refusals"]:
        kind, justified = classify(refusal, facts, layouts)
        classes.append(kind)
        if not justified:
            wrong.append(f"refused without need: {refusal['symbol']}: {refusal['reason']}")
    if verdict == "none" and not (facts.nothing or facts.new_data and not (facts.replaced or facts.added or facts.removed)):
        wrong.append("no change found, but there is one")
    if verdict == "update" and facts.nothing and not facts.constants:
        wrong.append("an update, but nothing changed")
    if verdict in ("none", "update"):
        for variable in sorted(facts.initial | facts.resized):
            wrong.append(f"not refused: {variable} changed its initial value, size or kind")
        for kind, escapes in layouts.items():
            if escapes:
                wrong.append(f"not refused: the layout of {kind} changed")
    if verdict not in ("none", "update", "refused"):
        wrong.append(f"wfdiff exited {status}")
    return verdict, classes, wrong
