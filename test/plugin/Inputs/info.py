"""Prints .wfpatch.info of an object: one line for each layout, field, enumeration, variable and line; with a NAME only that value.

    info.py OBJECT [NAME]
"""
import json
import struct
import sys

data = open(sys.argv[1], "rb").read()
offset, = struct.unpack_from("<Q", data, 0x28)
count, strings = struct.unpack_from("<HH", data, 0x3C)
sections = [struct.unpack_from("<IIQQQQIIQQ", data, offset + 64 * i) for i in range(count)]
for s in sections:
    at = sections[strings][4] + s[0]
    if data[at:data.index(b"\0", at)] == b".wfpatch.info":
        text = data[s[4]:s[4] + s[5]]
assert text.endswith(b"\n\0") and text.count(b"\0") == 1
info = json.loads(text[:-1])
if len(sys.argv) > 2:
    print(json.dumps(info[sys.argv[2]], sort_keys=True))
    sys.exit()
for layout in info["layouts"]:
    escapes = "escapes" if layout["escapes"] else "stays in " + ",".join(sorted(layout["functions"]))
    print(f"layout {layout['key']} {layout['kind']} size={layout['size']} align={layout['align']} {escapes} "
          f"at {layout['file']}:{layout['line']}")
    for entry in layout.get("vtable", []):
        print(f"  vtable {entry}")
    for f in layout["fields"]:
        print(f"  field {f['name'] or '?'} offset={f['offset']} bits={f['bits']} type={f['type']}" +
              (f" to={f['to']}" if "to" in f else ""))
for e in info["enums"]:
    print(f"enum {e['key']} size={e['size']} " + " ".join(f"{n}={v}" for n, v in e["values"]))
for v in info["variables"]:
    print(f"variable {v['name']} type={v['type']}" + (f" to={v['to']}" if "to" in v else ""))
for l in info["lines"]:
    print(f"line {l['function']} #{l['ordinal']} = {l['line']}")
