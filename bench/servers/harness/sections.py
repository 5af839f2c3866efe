"""Sizes of a program's sections, by what they are for."""

import re
import subprocess

RECORDS = {".note.wfpatch", "wfp_functions", "wfp_variables", "wfp_tls"}
ROW = re.compile(r"^\s*\[\s*\d+\] (\S+)\s+(\S+)\s+[0-9a-f]+ [0-9a-f]+ ([0-9a-f]+) \S+\s+([A-Zo]*)\s", re.M)


def groups(readelf, program):
    """Bytes by group: code, writable data, read-only data, records, and what the file holds but does not load."""
    sums = dict.fromkeys(["text", "data", "read_only", "records", "not_loaded"], 0)
    output = subprocess.run([readelf, "-SW", program], capture_output=True, text=True, check=True).stdout
    for name, kind, size, flags in ROW.findall(output):
        if kind == "NULL":
            continue
        if name in RECORDS:
            group = "records"
        elif "A" not in flags:
            group = "not_loaded"
        elif "X" in flags:
            group = "text"
        else:
            group = "data" if "W" in flags else "read_only"
        sums[group] += int(size, 16)
    return sums
