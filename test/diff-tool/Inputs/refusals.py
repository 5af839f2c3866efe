"""Every reason for which wfdiff refuses must be expected by a test: refusals.py DIFF-TOOL TESTS...

A reason is what a call of refuse(), or an insertion into Refusals, puts together.  A test expects it if one of its CHECK or REFUSED
lines has four successive words of it that no other reason has (fewer, where a text is shorter).  Prints the table with --table.
"""
import re
import sys
from collections import Counter
from pathlib import Path


def call_at(text, begin):
    """The source of the call whose parenthesis is the first one behind `begin`."""
    depth, at = 0, text.index("(", begin)
    while True:
        if text[at] == '"':
            at += re.compile(r'"(?:\\.|[^"\\])*"').match(text, at).end() - at
            continue
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        at += 1
        if depth == 0:
            return text[begin:at]


def texts_of(call):
    """Neighbouring literals are one text."""
    joined = re.sub(r'"\s*\n\s*"', "", call)
    return [t for t in re.findall(r'"((?:\\.|[^"\\])*)"', joined) if len(t.split()) > 1]


def shingles(text):
    words = text.split()
    size = min(4, len(words))
    return [" ".join(words[i:i + size]) for i in range(len(words) - size + 1)]


def main(arguments):
    table = "--table" in arguments
    folder, *tests = [Path(a) for a in arguments if a != "--table"]
    expected = {}
    for test in sorted(p for t in tests for p in t.rglob("*") if p.suffix in (".c", ".cpp", ".test", ".s")):
        expected[test] = "\n".join(l for l in test.read_text().splitlines() if re.match(r"(// ?)?[A-Z0-9-]+: ", l))
    reasons = {}  # texts -> where
    for source in sorted(folder.glob("check_*.cpp")):
        text = source.read_text()
        for found in re.finditer(r"\bS\.refuse\(|\bRefusals\.insert\(", text):
            texts = tuple(texts_of(call_at(text, found.start())))
            if texts:
                reasons.setdefault(texts, f"{source.name}:{text.count(chr(10), 0, found.start()) + 1}")
    # What others say, too ("if that is right"), tells nothing.
    count = Counter(s for texts in reasons for s in {s for t in texts for s in shingles(t)})
    missing = 0
    for texts, where in reasons.items():
        own = [s for t in texts for s in shingles(t) if count[s] == 1]
        hits = [t.name for t, lines in expected.items() if any(s in lines for s in own)]
        if table:
            print(f"| {'...'.join(t.strip() for t in texts)} | {', '.join(hits)} |")
        if not hits:
            print(f"{where}: no test expects: {'...'.join(texts)}", file=sys.stderr)
            missing += 1
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
