"""Prints the records of a linked image as the runtime would read them: without symbols, from the note on.

    records.py IMAGE [NAME...]     NAMEs are put in place of their hashes

One line a record: array, name, flags by name, size, the section that the address is in, and whether the unit pointer
leads to a note with a key; then "SYMBOL ok" if the address is that of the symbol NAME.  Sorted.
"""
import struct
import sys

FLAGS = ["local", "weak", "hidden", "comdat", "address-taken", "constant", None, None, "sled", "endbr", "convention",
         "noreturn", "coroutine", "endless-loop", "loop-body", "loop-shell"]


def name_hash(name):
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) & (2**64 - 1)
    return value


class Image:
    def __init__(self, path):
        self.data = open(path, "rb").read()
        offset, = struct.unpack_from("<Q", self.data, 0x28)
        count, strings = struct.unpack_from("<HH", self.data, 0x3C)
        self.sections = [struct.unpack_from("<IIQQQQIIQQ", self.data, offset + 64 * i) for i in range(count)]
        self.names = [self.string(self.sections[strings][4] + s[0]) for s in self.sections]
        segments, = struct.unpack_from("<Q", self.data, 0x20)
        self.segments = [struct.unpack_from("<IIQQQQQQ", self.data, segments + 56 * i)
                         for i in range(struct.unpack_from("<H", self.data, 0x38)[0])]

    def string(self, at):
        return self.data[at:self.data.index(b"\0", at)].decode()

    def offset(self, address):
        for kind, _, offset, start, _, size, _, _ in self.segments:
            if kind == 1 and start <= address < start + size:
                return offset + address - start
        raise SystemExit(f"address {address:#x} is not in the file")

    def read(self, form, address):
        return struct.unpack_from(form, self.data, self.offset(address))

    def from_here(self, address):
        return address + self.read("<i", address)[0]

    def section(self, address):
        for name, s in zip(self.names, self.sections):
            if s[2] & 2 and not s[2] & 0x400 and s[3] <= address < s[3] + s[5]:
                return name
        return "?"

    def symbols(self):
        for s in self.sections:
            if s[1] in (2, 11):
                for at in range(s[4] + 24, s[4] + s[5], 24):
                    name, info, _, section, value, size = struct.unpack_from("<IBBHQQ", self.data, at)
                    if section:
                        yield self.string(self.sections[s[6]][4] + name), value

    def notes(self):
        for kind, _, offset, start, _, size, _, align in self.segments:
            at = 0
            while kind == 4 and at + 12 <= size:
                name, length, sort = struct.unpack_from("<III", self.data, offset + at)
                if self.data[offset + at + 12:offset + at + 12 + name] == b"wfpatch\0" and sort == 1:
                    yield start + at + 12 + name, length
                step = max(align, 4)
                at += (12 + name + length + step - 1) // step * step


def main(path, names):
    image = Image(path)
    known = {name_hash(n): n for n in names}
    symbols = set(image.symbols())
    lines, arrays, units = set(), set(), {}
    for unit, length in image.notes():
        version, fixed = image.read("<II", unit)
        assert (version, fixed) == (1, 72) and length % 4 == 0, (version, fixed, length)
        key = image.string(image.offset(unit + fixed))
        units[unit] = key
        bounds = [image.from_here(unit + 40 + 4 * i) for i in range(6)]
        arrays.add(tuple(bounds))
        state = image.from_here(unit + 64)
        lines.add(f"unit {key} flags={image.read('<I', unit + 68)[0]} image={image.section(state)} "
                  f"aligned={state % 64 == 0}")
    assert len(arrays) <= 1, f"notes disagree about the bounds: {arrays}"

    def flags(value):
        return ",".join(FLAGS[i] for i in range(len(FLAGS)) if value >> i & 1) or "-"

    def add(array, hash_, flag, size, address, unit):
        name = known.get(hash_, f"{hash_:#x}")
        where = address if isinstance(address, str) else image.section(address)
        check = " " + name + (" ok" if (name, address) in symbols else " elsewhere") if symbols and hash_ in known else ""
        lines.add(f"{array} {name} flags={flags(flag)} size={size} in={where} unit={units.get(unit, '?')}{check}")

    for f0, f1, v0, v1, t0, t1 in arrays:
        for array, first, last in (("function", f0, f1), ("variable", v0, v1)):
            for at in range(first, last, 24):
                _, _, hash_, flag, size = image.read("<iiQII", at)
                if hash_:
                    add(array, hash_, flag, size, image.from_here(at), image.from_here(at + 4))
        for at in range(t0, t1, 32):
            offset, hash_, _, flag, size, _ = image.read("<qQiIII", at)
            if hash_:
                tls = next(s for s in image.segments if s[0] == 7)
                tls_size = (tls[6] + tls[7] - 1) // tls[7] * tls[7]
                start = offset + tls_size if offset < 0 else offset # lld stores thread-pointer offsets in executables
                check = " ok" if (known.get(hash_), start) in symbols or not symbols else " elsewhere"
                lines.add(f"tls {known.get(hash_, hex(hash_))} flags={flags(flag)} size={size} "
                          f"unit={units.get(image.from_here(at + 16), '?')}{check}")
    print(*sorted(lines), sep="\n")


main(sys.argv[1], sys.argv[2:])
