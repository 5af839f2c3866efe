"""What changed between two objects of one unit.  Shares no code with wfdiff.

Two functions are equal if llvm-objdump prints the same instructions for them, with jumps counted from the function's
entry and every relocated operand replaced by what it means, and if their frame descriptions, exception tables included,
mean the same.  A reference means

    a function or a variable     its name and an offset; not what it holds
    a string                     its characters from there on
    other read-only data         its content, and what that refers to
    a place in a function        the function's name and the offset: jump tables, labels
    what is not in the object    its name

An entry of a table of 32-bit distances (what `switch` becomes: of code, of strings, of constants) counts from the table's
begin, although its relocation counts from the entry.  Where a table begins is known from the references to it.

A variable's initial value means its content likewise, but a pointer to a named constant means that constant.  An
instruction that loads, pushes or stores a line number is the same if the two lines are: the caller gives both sources.
"""

import json
import re
import subprocess
from bisect import bisect_right
from collections import Counter
from dataclasses import asdict, dataclass, field

from . import elf

# R_X86_64_*: those whose field is relative to its own address, and those that differ only in what a linker may relax.
PC_RELATIVE = {2, 4, 9, 19, 20, 22, 24, 34, 41, 42, 43}
SAME_MEANING = {4: 2, 41: 9, 42: 9, 11: 10}
PART = re.compile(r"^(.*?)\.(?:cold|__part)(?:\.\d+)?$")
SLED = re.compile(r"testl\s+\$-?0x[0-9a-f]+, %eax")
INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(.*)$")
PLACE = re.compile(r"0x([0-9a-f]+) <[^>]*>")
LINE_OPERAND = re.compile(r"^(mov\w*|push\w*)\t\$(0x[0-9a-f]+)(.*)$")


@dataclass
class Facts:
    """Function and data names are the object's, mangled."""

    replaced: dict = field(default_factory=dict)  # name -> why
    added: set = field(default_factory=set)
    removed: set = field(default_factory=set)
    initial: set = field(default_factory=set)  # writable variables whose initial value changed
    resized: set = field(default_factory=set)  # variables whose size or kind changed
    constants: set = field(default_factory=set)  # named constants whose content changed
    linked_constants: set = field(default_factory=set)  # those of them that other units can use
    new_data: set = field(default_factory=set)
    lost_data: set = field(default_factory=set)
    leads_into: set = field(default_factory=set)  # read-only data that holds places in functions that changed
    startup: bool = False  # .init_array and its kin call something else
    aliases: dict = field(default_factory=dict)  # every name of a function -> the name used here
    noise: int = 0  # operands that were told to be line numbers

    @property
    def nothing(self):
        return not (self.replaced or self.added or self.removed or self.new_data)

    def as_json(self):
        return {k: sorted(v) if isinstance(v, set) else v for k, v in asdict(self).items() if k != "aliases"}


class Unit:
    """One object, with the meaning of whatever its relocations point at."""

    def __init__(self, path, objdump, renamed=(), ambiguous=frozenset()):
        self.object = elf.Object(path)
        self.renamed = dict(renamed)
        self._meanings, self._under_way, self.by_name = {}, set(), {}
        locals_ = Counter(self._base(s.name) for s in self._named() if s.binding == 0)
        self.ambiguous = {base for base, count in locals_.items() if count > 1} | ambiguous
        self.functions, self.parts, self.aliases, self.data = {}, {}, {}, {}
        for section in self.object.sections:
            if section.code:
                self._index_functions(section)
            elif section.allocated and section.kind in (1, elf.SHT_NOBITS) and section.name != ".eh_frame":
                for symbol in section.symbols:
                    if not symbol.name.startswith(".L") and symbol.size:
                        self.data[self.name(symbol)] = symbol
        for symbol in self.object.symbols:
            if symbol.type == elf.STT_COMMON:
                self.data[self.name(symbol)] = symbol
        self._referenced = self._references()
        self.instructions = self._disassemble(objdump)
        self.frames = self._frames()

    def _named(self):
        return (s for s in self.object.symbols if s.section is not None and s.type not in (3, 4) and s.name)

    @staticmethod
    def _base(name):
        return re.sub(r"(\.\d+|\.llvm\.\d+)+$", "", name)

    def name(self, symbol):
        base = self._base(symbol.name)
        name = base if symbol.binding == 0 and base not in self.ambiguous else symbol.name
        if name.startswith("_Z"):  # a name within it stands behind its length
            for old, new in self.renamed.items():
                name = name.replace(f"{len(old)}{old}", f"{len(new)}{new}")
        return self.renamed.get(name, name)

    def _index_functions(self, section):
        by_place = {}
        for symbol in section.symbols:
            if symbol.type in (elf.STT_FUNC, elf.STT_IFUNC) and symbol.size:
                by_place.setdefault(symbol.value, []).append(symbol)
        for symbols in by_place.values():
            first = min(symbols, key=lambda s: ({1: 0, 2: 1}.get(s.binding, 2), s.index))
            name = self.name(first)
            for symbol in symbols:
                self.aliases[symbol.name] = self.aliases[self.name(symbol)] = name
            parent = PART.match(name)
            if parent:
                self.parts.setdefault(parent.group(1), []).append((name, first))
            else:
                self.functions[name] = first

    def _disassemble(self, objdump):
        text = subprocess.run([objdump, "-d", "--no-show-raw-insn", self.object.path], check=True, text=True,
                              capture_output=True).stdout
        result, section, rows = {}, None, []
        indices = {}
        for s in self.object.sections:
            if s.code and s.size:
                indices.setdefault(s.name, []).append(s.index)
        for line in text.splitlines():
            if line.startswith("Disassembly of section "):
                # COMDAT sections of one name follow each other in the object's order.
                section = indices[line[len("Disassembly of section "):-1]].pop(0)
                rows = result[section] = []
            elif section is not None and (found := INSTRUCTION.match(line)):
                rows.append((int(found.group(1), 16), found.group(2).split("#")[0].strip()))
        return result

    def _frames(self):
        """(section, offset) -> frame description with its common part."""
        section, result, common = self.object.section(".eh_frame"), {}, {}
        at = 0
        while section and at + 8 <= section.size:
            length = int.from_bytes(section.data[at: at + 4], "little")
            if length == 0:
                break
            end, link = at + 4 + length, int.from_bytes(section.data[at + 4: at + 8], "little")
            relocations = section.relocations_in(at, end)
            is_common = link == 0
            refers = [(r.offset - at, self.meaning_of(r, 0)) for r in relocations if is_common or r.offset != at + 8]
            # DW_CFA_nop is zero and fills up; a relocated field is zero too, and counted by its relocation.
            body = (section.data[at + 8 if is_common else at + 12: end].rstrip(b"\0"), tuple(refers))
            if is_common:
                common[at] = body
            else:
                begin = relocations[0]
                symbol = self.object.symbols[begin.symbol]
                result[(symbol.section, symbol.value + begin.addend)] = (body, common[at + 4 - link])
            at = end
        return result

    def _references(self):
        """section -> sorted offsets in it that code refers to by a 32-bit distance: where its tables begin, among others."""
        result = {}
        for section in self.object.sections:
            for relocation in section.relocations if section.code else ():
                symbol = self.object.symbols[relocation.symbol]
                if symbol.section is not None and relocation.type == 2:
                    # Tables are referred to by `lea`, whose displacement is its last field.
                    result.setdefault(symbol.section, set()).add(symbol.value + relocation.addend + 4)
        return {index: sorted(offsets) for index, offsets in result.items()}

    def _table_begin(self, section, begin, offset):
        """Where the table begins that holds `offset`, in a piece that begins at `begin`."""
        known = self._referenced.get(section.index, [])
        at = bisect_right(known, offset)
        return max(known[at - 1], begin) if at else begin

    def meaning_of(self, relocation, bias):
        """What a relocation points at.  `bias`: from a PC-relative field to the end of its instruction."""
        kind = SAME_MEANING.get(relocation.type, relocation.type)
        symbol = self.object.symbols[relocation.symbol]
        offset = relocation.addend + bias
        if symbol.type == elf.STT_COMMON:
            return ("name", self.name(symbol), offset, kind)
        if symbol.section is None:
            # An absolute symbol is its value.
            return ("name", symbol.name, offset, kind, symbol.value)[: 4 if symbol.value == 0 else 5]
        return (*self.meaning(self.object.sections[symbol.section], symbol.value + offset, symbol), kind)

    def _piece(self, section, offset, hint=None):
        """(begin, end, symbol or None) of what lies at `offset`."""
        named = [s for s in section.symbols if not s.name.startswith(".L") and s.type != elf.STT_SECTION and s.size]
        if hint is not None and hint in named:
            return hint.value, hint.value + hint.size, hint
        for symbol in named:
            if symbol.value <= offset < symbol.value + symbol.size:
                return symbol.value, symbol.value + symbol.size, symbol
        if len(named) == 1 and named[0].size == section.size:
            return 0, section.size, named[0]  # before its beginning or behind its end: a biased reference
        begin = max((s.value + s.size for s in named if s.value + s.size <= offset), default=0)
        end = min((s.value for s in named if s.value > offset), default=section.size)
        return begin, end, None

    def meaning(self, section, offset, hint=None):
        if section.flags & elf.SHF_MERGE and section.flags & elf.SHF_STRINGS:
            end, unit = offset, section.entry or 1
            while any(section.data[end: end + unit]):
                end += unit
            return ("string", section.data[offset: end])
        begin, end, symbol = self._piece(section, offset, hint)
        if section.code:
            if symbol is None:
                return ("code", section.name, offset)
            name = self.aliases.get(symbol.name, self.name(symbol))
            return ("name", name, 0) if offset == begin and not PART.match(name) else ("place", name, offset - begin)
        if section.writable or section.flags & elf.SHF_TLS:
            if symbol is not None:
                return ("name", self.name(symbol), offset - begin)
            stub = section.relocations_in(offset, offset + 8)  # a pointer to a type or personality, DW.stub
            return ("stub", self.meaning_of(stub[0], 0)) if stub else ("data", section.name, offset)
        if section.name.startswith(".gcc_except_table"):
            marks = [s.value for s in section.symbols]
            begin = max((m for m in marks if m <= offset), default=0)
            end = min((m for m in marks if m > offset), default=section.size)
        elif section.flags & elf.SHF_MERGE and symbol is None:
            begin = offset - offset % (section.entry or 1)
            end = begin + (section.entry or 1)
        return ("constant", self.content(section, begin, end), offset - begin)

    def content(self, section, begin, end, constants_by_name=False):
        key = (section.index, begin, end, constants_by_name)
        if key in self._meanings:
            return self._meanings[key]
        if key in self._under_way:
            return ("itself", end - begin)
        self._under_way.add(key)
        data = section.content(begin, end)
        refers = []
        for relocation in section.relocations_in(begin, end):
            bias = 0
            if relocation.type == 2 and not section.name.startswith(".gcc_except_table"):
                bias = self._table_begin(section, begin, relocation.offset) - relocation.offset
            refers.append((relocation.offset - begin, self._initial(relocation, bias) if constants_by_name
                           else self.meaning_of(relocation, bias)))
        if section.name.startswith(".gcc_except_table"):
            data = data.rstrip(b"\0")
        self._under_way.discard(key)
        self._meanings[key] = (data, tuple(refers), end - begin if not section.name.startswith(".gcc_except") else 0)
        return self._meanings[key]

    def _initial(self, relocation, bias):
        symbol = self.object.symbols[relocation.symbol]
        if symbol.section is not None and not self.object.sections[symbol.section].code:
            section = self.object.sections[symbol.section]
            target = symbol.value + relocation.addend + bias
            _, _, named = self._piece(section, target, symbol)
            if named is not None and not section.flags & elf.SHF_STRINGS:
                return ("name", self.name(named), target - named.value, relocation.type)
        return self.meaning_of(relocation, bias)

    def initial_value(self, symbol):
        if symbol.type == elf.STT_COMMON:
            return (bytes(symbol.size), (), symbol.size)
        section = self.object.sections[symbol.section]
        return self.content(section, symbol.value, symbol.value + symbol.size, constants_by_name=True)

    def kind(self, symbol):
        if symbol.type == elf.STT_COMMON:
            return "variable"
        section = self.object.sections[symbol.section]
        return "thread-local" if section.flags & elf.SHF_TLS else "variable" if section.writable else "constant"

    def shape(self, symbol):
        """The function's instructions, as (text, references)."""
        section = self.object.sections[symbol.section]
        rows, result = self.instructions.get(section.index, []), []
        end = symbol.value + symbol.size
        rows = [r for r in rows if symbol.value <= r[0] < end]
        for place, (at, text) in enumerate(rows[:2]):  # its immediate is there for linkers, and depends on the name
            if SLED.fullmatch(text):
                rows[place] = (at, "sled")
                break
        for (at, text), following in zip(rows, [*(r[0] for r in rows[1:]), end]):
            refers = []
            for relocation in section.relocations_in(at, following):
                bias = following - relocation.offset if relocation.type in PC_RELATIVE else 0
                refers.append((relocation.offset - at, self.meaning_of(relocation, bias)))
            if refers:
                text = re.sub(r"(?:-?0x[0-9a-f]+)?\(%rip\)", "(%rip)", text)
                text = PLACE.sub("*", text) if "%rip" not in text else text
            else:
                text = PLACE.sub(lambda m: f"+{int(m.group(1), 16) - symbol.value:#x}", text)
            result.append((text, tuple(refers)))
        return result

    def frame(self, symbol):
        return self.frames.get((symbol.section, symbol.value))

    def startup(self):
        result = []
        for section in self.object.sections:
            if section.kind in (14, 15, 16) or section.name.startswith((".ctors", ".dtors")):
                result.append((section.name.split(".")[1], self.content(section, 0, section.size)))
        return sorted(result, key=repr)

    def leads_into(self, functions):
        """Names of read-only data, or of its section if it has none, that refers to places in these functions."""
        found = set()
        for section in self.object.sections:
            if section.code or not section.allocated or section.name.startswith((".gcc_except_table", ".eh_frame", "wfp_")):
                continue
            for relocation in section.relocations:
                meaning = self.meaning_of(relocation, 0)
                if meaning[0] == "place" and meaning[1] in functions:
                    _, _, symbol = self._piece(section, relocation.offset)
                    found.add(self.name(symbol) if symbol else section.name)
        return found

    def uses(self, names):
        """Functions that refer to one of the names, of definitions elsewhere, in code."""
        found = set()
        for name, symbol in self.functions.items():
            for _, part in [(name, symbol), *self.parts.get(name, ())]:
                section = self.object.sections[part.section]
                for relocation in section.relocations_in(part.value, part.value + part.size):
                    used = self.object.symbols[relocation.symbol]
                    # A weak one may be defined here, too: a copy of it.
                    if used.name in names and (used.section is None or used.binding == 2):
                        found.add(name)
        return found


class LineNoise:
    """Line numbers of two sources: a pair is noise if both lines say the same."""

    def __init__(self, old_text="", new_text=""):
        self.old, self.new = self._lines(old_text), self._lines(new_text)
        self.count = 0

    @staticmethod
    def _lines(text):
        """What stands in the lines of a number, several after a #line: by tokens, in any order, since functions that share
        a line may have changed places."""
        result, number = {}, 1
        for line in text.split("\n"):
            if directive := re.match(r"\s*#\s*(?:line\s+)?(\d+)", line):
                number = int(directive[1])
                continue
            if tokens := sorted(re.findall(r"\w+|\S", line)):
                result.setdefault(number, []).append(tokens)
            number += 1
        return result

    def same(self, old, new):
        return old != new and any(tokens in self.new.get(new, []) for tokens in self.old.get(old, []))

    def __call__(self, old, new):
        a, b = LINE_OPERAND.match(old[0]), LINE_OPERAND.match(new[0])
        if not a or not b or old[1] != new[1] or (a[1], a[3]) != (b[1], b[3]):
            return False
        if not self.same(int(a[2], 16), int(b[2], 16)):
            return False
        self.count += 1
        return True


def _difference(old, new, old_symbol, new_symbol, noise):
    a, b = old.shape(old_symbol), new.shape(new_symbol)
    for x, y in zip(a, b):
        if x != y and not noise(x, y):
            return f"{x} -> {y}"[:300]
    if len(a) != len(b):
        return f"{len(a)} -> {len(b)} instructions"
    if old_symbol.type != new_symbol.type:
        return "one is an ifunc"
    if old.frame(old_symbol) != new.frame(new_symbol):
        return f"frame {old.frame(old_symbol)} -> {new.frame(new_symbol)}"[:300]
    return None


def compare(old_path, new_path, objdump, old_text="", new_text="", renamed=()):
    """`renamed`: names that the edit changed, old to new, of things that stay what they are."""
    old, new = Unit(old_path, objdump, renamed), Unit(new_path, objdump)
    facts, noise = Facts(), LineNoise(old_text, new_text)
    if old.ambiguous != new.ambiguous:  # one of two of a base came or went: no base name is any use then
        both = old.ambiguous | new.ambiguous
        old, new = Unit(old_path, objdump, renamed, both), Unit(new_path, objdump, (), both)
    facts.aliases = {**old.aliases, **new.aliases}
    # A name that is no function's first name any more, but is one of its names, is still that function.
    by_alias = {alias: name for alias, name in new.aliases.items()}
    matched = {}
    for name in old.functions:
        other = name if name in new.functions else by_alias.get(name)
        if other in new.functions:
            matched[name] = other
    facts.removed = set(old.functions) - set(matched)
    facts.added = set(new.functions) - set(matched.values())
    for name, other in matched.items():
        old_parts, new_parts = old.parts.get(name, []), new.parts.get(other, [])
        why = _difference(old, new, old.functions[name], new.functions[other], noise)
        if why is None and len(old_parts) != len(new_parts):
            why = f"{len(old_parts)} -> {len(new_parts)} parts"
        for (_, a), (_, b) in zip(old_parts, new_parts):
            why = why or _difference(old, new, a, b, noise)
        if why is not None:
            facts.replaced[other] = why
    facts.noise = noise.count
    for name, symbol in old.data.items():
        if name not in new.data:
            facts.lost_data.add(name)
            continue
        other = new.data[name]
        if old.kind(symbol) != new.kind(other) or (old.kind(symbol) != "constant" and symbol.size != other.size):
            facts.resized.add(name)
        elif old.kind(symbol) == "constant":
            content = lambda unit, s: unit.content(unit.object.sections[s.section], s.value, s.value + s.size)
            if content(old, symbol) != content(new, other):
                facts.constants.add(name)
                if other.binding != 0:
                    facts.linked_constants.add(name)
        elif old.initial_value(symbol) != new.initial_value(other):
            facts.initial.add(name)
    facts.new_data = set(new.data) - set(old.data)
    facts.leads_into = old.leads_into(facts.replaced) | new.leads_into(facts.replaced)
    facts.startup = old.startup() != new.startup()
    return facts


def layouts(path):
    """The unit's record layouts, as the plugin wrote them: key -> (name, size, fields, escapes)."""
    section = elf.Object(path).section(".wfpatch.info")
    info = json.loads(section.data.rstrip(b"\0\n")) if section else {}
    return {l["key"]: (l["name"], l["size"], l["align"], l["fields"], l.get("escapes", True))
            for l in info.get("layouts", [])}
