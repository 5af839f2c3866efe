"""Makes many units of one: copies of an object in which the number 0000 in names and in the unit's key, the hashes of these names, and the
unit's id are others'.  Compiling a thousand units would take a minute.

    many-units.py OBJECT COUNT FOLDER NAME...      FOLDER/unit0000.o ...; NAMEs are symbols that have 0000 in them
"""

import hashlib
import re
import sys
from pathlib import Path


def name_hash(name):  # FNV-1a, format/records.h
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001B3 & (1 << 64) - 1
    return value.to_bytes(8, "little")


template, count, folder, names = Path(sys.argv[1]).read_bytes(), int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:]
identity = bytes.fromhex(re.search(rb'"id":"([0-9a-f]{64})"', template)[1].decode())
assert template.count(identity) == 1
for name in names:
    assert name_hash(name) in template, name
folder.mkdir(parents=True, exist_ok=True)
for number in range(count):
    text, other = f"{number:04}", hashlib.sha256(identity + number.to_bytes(4, "little")).digest()
    copy = template.replace(identity, other).replace(identity.hex().encode(), other.hex().encode())
    for name in names:
        copy = copy.replace(name_hash(name), name_hash(name.replace("0000", text)))
    (folder / f"unit{text}.o").write_bytes(copy.replace(b"unit0000", b"unit" + text.encode()))
