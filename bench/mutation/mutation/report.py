"""The table, and the figures that are kept."""

import json
from collections import Counter

from . import edits


def summary(records):
    rows = {}
    for record in records:
        if record["result"] == "fault":
            continue
        row = rows.setdefault(record["kind"], Counter())
        row[record["result"]] += 1
        if record["result"] != "discarded":
            row["edits"] += 1
            row[f"verdict {record['verdict']}"] += 1
            if record.get("observed"):
                row["observed"] += 1
    counted = [r for r in records if r["result"] in ("right", "wrong")]
    return {
        "edits": len(counted),
        "semantic": sum(r["semantic"] for r in counted),
        "neutral": sum(not r["semantic"] for r in counted),
        "discarded": sum(r["result"] == "discarded" for r in records),
        "faults": sum(r["result"] == "fault" for r in records),
        "wrong": sum(r["result"] == "wrong" for r in counted),
        "verdicts": dict(Counter(r["verdict"] for r in counted)),
        "neutral_verdicts": dict(Counter(r["verdict"] for r in counted if not r["semantic"])),
        "refusals": dict(Counter(c for r in counted for c in r["refusals"])),
        "observed": dict(Counter(r["observed"] for r in counted if r.get("observed"))),
        "with_line_noise": sum(r.get("noise", 0) > 0 for r in counted),
        "updates": sum(r["verdict"] == "update" for r in counted),
        "applied": sum(bool(r.get("observed")) for r in counted),
        "wfdiff": dict(Counter(r["wfdiff"] for r in counted)),  # begin of the executable's SHA-256: edits
        "functions_replaced": sum(r["replaced"] for r in counted if r["verdict"] == "update"),
        "targets": dict(Counter(r["target"] for r in counted)),
        "kinds": {k: dict(rows[k]) for k in [*edits.SEMANTIC, *edits.NEUTRAL] if k in rows},
    }


COLUMNS = ("number", "target", "source", "line", "kind", "result", "verdict", "replaced", "observed", "wfdiff")


def write(path, figures, records):
    """The figures, and every edit in a line of its own: with seed and number it can be made again."""
    rows = [json.dumps([r.get(c) for c in COLUMNS]) for r in records if r["result"] in ("right", "wrong")]
    text = json.dumps({**figures, "columns": COLUMNS}, indent=1)
    path.write_text(text[: text.rindex("\n}")] + ',\n "records": [\n  ' + ",\n  ".join(rows) + "\n ]\n}\n")


def table(figures):
    columns = ["edits", "verdict update", "verdict none", "verdict refused", "wrong", "observed", "discarded"]
    lines = [f"{'kind':22}" + "".join(f"{c.split()[-1]:>10}" for c in columns)]
    total = Counter()
    for kind, row in figures["kinds"].items():
        mark = " " if kind in edits.SEMANTIC else "*"
        lines.append(f"{mark}{kind:21}" + "".join(f"{row.get(c, 0):10}" for c in columns))
        total.update({c: row.get(c, 0) for c in columns})
    lines.append(f" {'all':21}" + "".join(f"{total[c]:10}" for c in columns))
    lines.append("* should not change code; `none` is expected unless the compiler made other code of it (the oracle says)")
    for name in ("targets", "refusals", "observed"):
        lines.append(f"{name}: " + ", ".join(f"{k} {v}" for k, v in sorted(figures[name].items())))
    lines.append(f"functions replaced by updates: {figures['functions_replaced']}; edits with changed line numbers in code that"
                 f" counted as none: {figures['with_line_noise']}; faults of the harness: {figures['faults']}")
    return "\n".join(lines)
