"""ELF64 relocatable objects, as far as the oracle needs them: sections, symbols, relocations, groups."""

import struct
from bisect import bisect_right
from collections import namedtuple

SHT_SYMTAB, SHT_RELA, SHT_NOBITS, SHT_GROUP = 2, 4, 8, 17
SHF_WRITE, SHF_ALLOC, SHF_EXEC, SHF_MERGE, SHF_STRINGS, SHF_TLS = 1, 2, 4, 0x10, 0x20, 0x400
STT_OBJECT, STT_FUNC, STT_SECTION, STT_FILE, STT_COMMON, STT_TLS, STT_IFUNC = 1, 2, 3, 4, 5, 6, 10
SHN_UNDEF, SHN_ABS, SHN_COMMON, SHN_XINDEX = 0, 0xFFF1, 0xFFF2, 0xFFFF

Symbol = namedtuple("Symbol", "index name value size section binding type")  # section None: not in this object
Relocation = namedtuple("Relocation", "offset type symbol addend")


class Section:
    def __init__(self, index, name, kind, flags, offset, size, link, info, entry, data):
        self.index, self.name, self.kind, self.flags, self.size = index, name, kind, flags, size
        self.offset, self.link, self.info, self.entry, self.data = offset, link, info, entry, data
        self.relocations = []  # sorted by offset
        self.symbols = []  # sized or not, without section symbols; sorted by (value, -size)
        self.comdat = False

    @property
    def allocated(self):
        return bool(self.flags & SHF_ALLOC)

    @property
    def code(self):
        return bool(self.flags & SHF_EXEC)

    @property
    def writable(self):
        """State: what is read-only after relocation is not."""
        return bool(self.flags & SHF_WRITE) and not self.name.startswith(".data.rel.ro")

    def content(self, begin, end):
        return bytes(end - begin) if self.kind == SHT_NOBITS else self.data[begin:end]

    def relocations_in(self, begin, end):
        low = bisect_right(self.relocations, begin - 1, key=lambda r: r.offset)
        high = bisect_right(self.relocations, end - 1, key=lambda r: r.offset)
        return self.relocations[low:high]


class Object:
    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            data = file.read()
        if data[:6] != b"\x7fELF\x02\x01" or struct.unpack_from("<HH", data, 16) != (1, 62):
            raise ValueError(f"{path}: no x86-64 relocatable object")
        table, = struct.unpack_from("<Q", data, 40)
        size, count, names = struct.unpack_from("<HHH", data, 58)
        raw = []
        if count == 0:
            count, = struct.unpack_from("<Q", data, table + 32)
        for index in range(count):
            raw.append(struct.unpack_from("<IIQQQQIIQQ", data, table + index * size))
        if names == SHN_XINDEX:
            names = raw[0][6]
        text = lambda base, at: data[base + at: data.index(b"\0", base + at)].decode()
        self.sections = []
        for index, (name, kind, flags, _, offset, length, link, info, _, entry) in enumerate(raw):
            content = b"" if kind == SHT_NOBITS else data[offset: offset + length]
            self.sections.append(
                Section(index, text(raw[names][4], name), kind, flags, offset, length, link, info, entry, content))
        self.symbols = []
        extended = next((s for s in self.sections if s.kind == 18), None)
        for table in (s for s in self.sections if s.kind == SHT_SYMTAB):
            strings = raw[table.link][4]
            for index in range(table.size // 24):
                name, info, _, place, value, length = struct.unpack_from("<IBBHQQ", table.data, index * 24)
                if place == SHN_XINDEX:
                    place, = struct.unpack_from("<I", extended.data, index * 4)
                    inside = place
                else:
                    inside = None if place in (SHN_UNDEF, SHN_ABS, SHN_COMMON) else place
                kind = STT_COMMON if place == SHN_COMMON else info & 15
                symbol = Symbol(index, text(strings, name), value, length, inside, info >> 4, kind)
                self.symbols.append(symbol)
                if inside is not None and kind not in (STT_SECTION, STT_FILE):
                    self.sections[inside].symbols.append(symbol)
        for section in self.sections:
            section.symbols.sort(key=lambda s: (s.value, -s.size))
            if section.kind == SHT_RELA:
                target = self.sections[section.info]
                for offset, info, addend in struct.iter_unpack("<QQq", section.data):
                    if info & 0xFFFFFFFF:
                        target.relocations.append(Relocation(offset, info & 0xFFFFFFFF, info >> 32, addend))
            elif section.kind == SHT_GROUP:
                for member, in struct.iter_unpack("<I", section.data[4:]):
                    self.sections[member].comdat = True
        for section in self.sections:
            section.relocations.sort(key=lambda r: r.offset)

    def section(self, name):
        return next((s for s in self.sections if s.name == name), None)
