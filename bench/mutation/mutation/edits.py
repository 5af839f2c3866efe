"""Small random edits, made on libclang's view of a source file.

sites() lists every place of a source where an edit can be made, without making one; apply() makes one.  A site holds byte
offsets and what stood there, so that a list can be kept in a file and an edit repeated from it.  Places inside macros are
left out: there the text at a cursor's extent is not what the cursor is.

An edit need not compile: who asks for it finds out.
"""

import re
import sys
from pathlib import Path

# Kinds by what they are meant to be.  Whether an edit really changes code is for the oracle to say: `x + 0` may not, and
# a function moved in front of another may be inlined otherwise.
SEMANTIC = {
    "operator": 14, "constant": 12, "float": 3, "argument": 8, "remove-call": 8, "branch": 8, "new-static-function": 7,
    "new-static-variable": 5, "string": 8, "return": 4, "file-constant": 6, "field": 2, "throw": 4, "catch": 3,
    "swap-statements": 4,
}
NEUTRAL = {"comment": 6, "blank-lines": 9, "reorder": 7, "rename-local": 8, "rename-static": 3, "parentheses": 3, "braces": 4}

OPERATORS = {
    "+": "-", "-": "+", "*": "+", "/": "*", "%": "/", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==",
    "&&": "||", "||": "&&", "&": "|", "|": "&", "^": "|", "<<": ">>", ">>": "<<", "+=": "-=", "-=": "+=", "|=": "&=",
}


def _cindex(libclang):
    if "/usr/lib/python3/dist-packages" not in sys.path:  # Debian's bindings, for a python3 that is not Debian's
        sys.path.append("/usr/lib/python3/dist-packages")
    from clang import cindex

    if not cindex.Config.loaded:
        cindex.Config.set_library_file(str(libclang))
    return cindex


class _Finder:
    def __init__(self, cindex, path, arguments):
        self.k, self.path = cindex.CursorKind, str(path)
        self.bytes = Path(path).read_bytes()
        self.text = self.bytes.decode("latin-1")  # a character a byte
        unit = cindex.Index.create().parse(self.path, args=arguments)
        errors = [d for d in unit.diagnostics if d.severity >= cindex.Diagnostic.Error]
        if errors:
            raise ValueError(f"{path}: {errors[0].spelling}")
        self.storage_static = cindex.StorageClass.STATIC
        self.type_kind = cindex.TypeKind
        self.found = []
        self.cxx = self.path.endswith((".cc", ".cpp", ".cxx"))
        self.functions = {self.k.FUNCTION_DECL, self.k.CXX_METHOD, self.k.CONSTRUCTOR, self.k.DESTRUCTOR,
                          self.k.FUNCTION_TEMPLATE, self.k.CONVERSION_FUNCTION}
        self.scopes = {self.k.NAMESPACE, self.k.LINKAGE_SPEC, self.k.UNEXPOSED_DECL}
        self.records = {self.k.STRUCT_DECL, self.k.CLASS_DECL, self.k.UNION_DECL, self.k.CLASS_TEMPLATE}
        self.naming = {self.k.DECL_REF_EXPR, self.k.VARIABLE_REF, self.k.MEMBER_REF_EXPR, self.k.VAR_DECL}
        self.uses = {}
        self._gather_uses(unit.cursor)
        self._top(unit.cursor)

    def _mine(self, cursor):
        file = cursor.location.file
        return file is not None and file.name == self.path

    def _span(self, cursor):
        return cursor.extent.start.offset, cursor.extent.end.offset

    def add(self, kind, begin, end, function, **more):
        self.found.append({"kind": kind, "begin": begin, "end": end, "was": self.text[begin:end], "function": function, **more})

    def _top(self, scope):
        """Declarations of a namespace, in order; definitions of functions that are neighbours can change places."""
        last = None
        for cursor in scope.get_children():
            if not self._mine(cursor):
                continue
            begin, end = self._span(cursor)
            if cursor.kind in self.scopes:
                self._top(cursor)
                last = None
            elif cursor.kind in self.functions and cursor.is_definition() and self.text[end - 1: end] == "}":
                self._function(cursor, begin)
                if last and not re.search(r"[^\s]", re.sub(r"//[^\n]*|/\*.*?\*/", "", self.text[last[1]: begin], flags=re.S)):
                    self.add("reorder", last[0], end, cursor.spelling, middle=[last[1], begin])
                last = (begin, end)
            else:
                if cursor.kind in self.records and cursor.is_definition():
                    brace = self.text.find("{", begin, end)
                    if brace >= 0 and cursor.kind != self.k.UNION_DECL:
                        self.add("field", brace + 1, brace + 1, None, type=cursor.spelling)
                    for member in cursor.get_children():
                        if member.kind in self.functions and member.is_definition():
                            self._function(member, begin)
                        elif member.kind in (self.k.FIELD_DECL, self.k.VAR_DECL):
                            self._literals(member, None, "file-constant")
                else:
                    self._literals(cursor, None, "file-constant")
                if cursor.kind == self.k.VAR_DECL and cursor.storage_class == self.storage_static:
                    self._rename(cursor, "rename-static", None)
                last = None

    def _literals(self, cursor, function, kind):
        for child in cursor.walk_preorder():
            begin, end = self._span(child)
            if child.kind == self.k.INTEGER_LITERAL and re.fullmatch(r"(0x[0-9a-fA-F]+|\d+)[uUlL]*", self.text[begin:end]):
                self.add(kind, begin, end, function)
            elif child.kind == self.k.FLOATING_LITERAL and re.fullmatch(r"[0-9.]+", self.text[begin:end]):
                self.add("float", begin, end, function)
            elif child.kind == self.k.STRING_LITERAL:
                self._string(begin, end, function)

    def _string(self, begin, end, function):
        text = self.text[begin:end]
        if not re.fullmatch(r'"[^"\n]{2,}"', text):
            return
        # Not what follows a backslash or belongs to a conversion.
        plain = re.sub(r"\\.[0-9a-fA-F]*|%[^a-zA-Z%]*[hlzjtL]*[a-zA-Z%]", lambda m: "\0" * len(m.group()), text)
        spots = [begin + i for i, c in enumerate(plain) if c.isalpha()]
        if spots:
            self.add("string", begin, end, function, spots=spots)

    def _gather_uses(self, cursor):
        """Where each declaration of this file is named, in one pass: places by the declaration's own; None for a macro."""
        for child in cursor.get_children():
            if not self._mine(child):
                continue
            if child.kind in self.naming:
                target = child if child.kind == self.k.VAR_DECL else child.referenced
                if target is not None and target.spelling and self._mine(target):
                    place = child.location.offset
                    named = self.text[place: place + len(target.spelling)] == target.spelling
                    self.uses.setdefault(target.canonical.location.offset, set()).add(place if named else None)
            self._gather_uses(child)

    def _rename(self, declaration, kind, function):
        name = declaration.spelling
        places = self.uses.get(declaration.canonical.location.offset, {None})
        if name and None not in places:
            self.add(kind, min(places), max(places) + len(name), function, places=sorted(places), name=name)

    def _function(self, cursor, top):
        """`top`: where the outermost declaration that holds the function begins."""
        function = cursor.spelling
        body = next((c for c in cursor.get_children() if c.kind == self.k.COMPOUND_STMT), None)
        if body is None:
            return
        begin, end = self._span(body)
        if self.text[begin: begin + 1] != "{" or self.text[end - 1: end] != "}":
            return
        self.add("new-static-function", top, begin + 1, function, body=begin + 1)
        self.add("new-static-variable", begin + 1, begin + 1, function)
        if self.cxx:
            self.add("throw", begin + 1, begin + 1, function)
        self.add("blank-lines", begin + 1, begin + 1, function)
        self._visit(body, function)

    def _visit(self, cursor, function):
        children = list(cursor.get_children())
        kind = cursor.kind
        begin, end = self._span(cursor)
        if kind == self.k.COMPOUND_STMT:
            self._statements(children, function)
        elif kind in (self.k.BINARY_OPERATOR, self.k.COMPOUND_ASSIGNMENT_OPERATOR) and len(children) == 2:
            left, right = self._span(children[0])[1], self._span(children[1])[0]
            operator = self.text[left:right].strip()
            if left < right and operator in OPERATORS:
                at = self.text.index(operator, left)
                self.add("operator", at, at + len(operator), function)
                if kind == self.k.BINARY_OPERATOR and not operator.endswith("=") and self.text[begin:end].count("(") == self.text[begin:end].count(")"):
                    self.add("parentheses", begin, end, function)
        elif kind == self.k.INTEGER_LITERAL and re.fullmatch(r"(0x[0-9a-fA-F]+|\d+)[uUlL]*", self.text[begin:end]):
            self.add("constant", begin, end, function)
        elif kind == self.k.FLOATING_LITERAL and re.fullmatch(r"[0-9.]+", self.text[begin:end]):
            self.add("float", begin, end, function)
        elif kind == self.k.STRING_LITERAL:
            self._string(begin, end, function)
        elif kind == self.k.CALL_EXPR:
            integers = (self.type_kind.INT, self.type_kind.UINT, self.type_kind.LONG, self.type_kind.ULONG)
            for argument in cursor.get_arguments():
                if argument is None:
                    continue
                first, last = self._span(argument)
                if begin < first < last < end and argument.type.get_canonical().kind in integers and "\n" not in self.text[first:last]:
                    self.add("argument", first, last, function)
        elif kind == self.k.IF_STMT and children:
            first, last = self._span(children[0])
            if self.text[begin:first].rstrip().endswith("(") and self.text[last:].lstrip().startswith(")"):
                self.add("branch", first, last, function)
                then = children[1] if len(children) > 1 else None
                if then is not None and then.kind != self.k.COMPOUND_STMT:
                    first, last = self._span(then)
                    semicolon = self.text.find(";", last)
                    if first < last and self.text[last:semicolon].strip() == "":
                        self.add("braces", first, semicolon + 1, function)
        elif kind == self.k.RETURN_STMT and children:
            first, last = self._span(children[0])
            if children[0].type.get_canonical().kind in (self.type_kind.INT, self.type_kind.LONG, self.type_kind.ULONG) and first < last:
                self.add("return", first, last, function)
        elif kind == self.k.CXX_CATCH_STMT and children and children[0].kind == self.k.VAR_DECL:
            first, last = self._span(children[0])
            self.add("catch", first, last, function)
        elif kind == self.k.VAR_DECL and cursor.storage_class != self.storage_static:
            self._rename(cursor, "rename-local", function)
        for child in children:
            if self._mine(child):
                self._visit(child, function)

    def _statements(self, children, function):
        last = None
        for child in children:
            if not self._mine(child):
                continue
            begin, end = self._span(child)
            simple = child.kind == self.k.CALL_EXPR and self.text[end: end + 1] == ";"
            if begin < end and self.text[begin: begin + 1] not in "#":
                self.add("comment", begin, begin, function)
                self.add("blank-lines", begin, begin, function)
            if simple:
                self.add("remove-call", begin, end, function)
                if last and self.text[last[1]: begin].strip() == ";":
                    self.add("swap-statements", last[0], end, function, middle=[last[1], begin])
            last = (begin, end) if simple else None


def sites(libclang, path, arguments):
    """Every site in the source, which must compile with `arguments`."""
    return _Finder(_cindex(libclang), path, arguments).found


def _number(text, random):
    digits = re.match(r"0x[0-9a-fA-F]+|\d+", text).group()
    value = int(digits, 8 if re.fullmatch(r"0[0-7]+", digits) else 0 if digits.startswith("0x") else 10)
    other = random.choice([value + 1, value ^ 1, value * 2 + 1, max(value - 1, 0) if value > 1 else value + 3])
    return (hex(other) if digits.startswith("0x") else str(other)) + text[len(digits):]


def apply(source, site, random, number):
    """The edited source (latin-1 text), and a dictionary of what the verdict has to know."""
    kind, begin, end, was = site["kind"], site["begin"], site["end"], site["was"]
    new, facts = None, {}
    if kind == "operator":
        new = OPERATORS[was]
    elif kind in ("constant", "file-constant"):
        new = _number(was, random)
    elif kind == "float":
        new = was + "1" if "." in was else was + ".5"
    elif kind == "argument":
        new = f"({was}) + 1"
    elif kind == "remove-call":
        new = "(void)0"
    elif kind == "branch":
        new = f"!({was})"
    elif kind == "return":
        new = f"({was}) + 1"
    elif kind == "string":
        spot = random.choice(site["spots"]) - begin
        letter = random.choice([c for c in "abcdefghijklmnopqrstuvwxyz" if c != was[spot].lower()])
        new = was[:spot] + letter + was[spot + 1:]
    elif kind == "new-static-function":
        attribute = "__attribute__((noinline)) " if random.random() < 0.6 else ""
        name = f"wf_new_{number}"
        helper = (f"static volatile int {name}_calls;\nstatic {attribute}int {name}(int x) {{\n"
                  f"  {name}_calls += x;\n  return {name}_calls % {random.randrange(2, 9)};\n}}\n")
        new = helper + was + f" (void){name}({random.randrange(100)}); "
    elif kind == "new-static-variable":
        name, start = f"wf_new_{number}", random.choice([0, 0, 7])
        new = f" static volatile unsigned {name}{f' = {start}' if start else ''}; {name} += 1; "
    elif kind == "throw":
        name = f"wf_new_{number}"
        new = f" static volatile int {name}; if ({name} == 12345) throw {name}; "
    elif kind == "catch":
        new = "..."
    elif kind == "field":
        new = f" int wf_new_{number}; "
        facts["type"] = site["type"]
    elif kind in ("swap-statements", "reorder"):
        first, second = site["middle"]
        new = source[second:end] + source[first:second] + source[begin:first]
    elif kind == "comment":
        new = f"/* edit {number} */ "
    elif kind == "blank-lines":
        new = "\n" * random.randrange(1, 6)
    elif kind == "parentheses":
        new = f"({was})"
    elif kind == "braces":
        new = f"{{ {was} }}"
    elif kind in ("rename-local", "rename-static"):
        name = site["name"]
        new, last = "", begin
        for place in site["places"]:
            new += source[last:place] + name + "_renamed"
            last = place + len(name)
        if kind == "rename-static":
            facts["renamed"] = {name: name + "_renamed"}
    assert source[begin:end] == was, "the source is not the one that the site is from"
    return source[:begin] + new + source[end:], {**facts, "line": source.count("\n", 0, begin) + 1, "now": new[:300]}
