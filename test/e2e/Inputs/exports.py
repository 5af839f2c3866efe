"""exports.py DOCUMENT LIBRARY TABLE: the runtime's exports are just what the document lists, and its blocking calls are in the table.

DOCUMENT is docs/quiescence.md: between "## 1." and "### Waits", in the table and behind "stands in for", every word in
backticks that is an identifier without capitals counts.  TABLE holds lines "NAME, SITUATION: ..." of calls.c.  Calls of other libraries than libc are tested elsewhere.
"""
import re
import subprocess
import sys

document, library, table = sys.argv[1:]
text = open(document).read()
section = text[text.index("## 1.") : text.index("### Waits")]
calls, others = section.split("The runtime also stands in for", 1)
calls = "\n".join(line for line in calls.splitlines() if line.startswith("|"))


def names(part):
    found = set(re.findall(r"`([a-z_][a-z0-9_]*)`", part))
    return {name for name in found if not name.startswith("std")}


listed = names(calls) | names(others)
exported = {
    line.split()[-1]
    for line in subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout.splitlines()
}
exported = {name for name in exported if not name.startswith("wfp_")}
tested = {line.split(",")[0] for line in open(table)}
elsewhere = {name for name in listed if "io_uring" in name or name in ("io_getevents", "io_pgetevents")}

problems = [f"exported, but not in {document}: {name}" for name in sorted(exported - listed)]
problems += [f"in {document}, but not exported: {name}" for name in sorted(listed - exported)]
problems += [f"not in calls.c: {name}" for name in sorted(names(calls) - tested - elsewhere)]
sys.exit("\n".join(problems) or 0)
