"""The files that web servers of the harness offer."""


def served(folder):
    """`folder`, filled with files of 0 bytes to 1 MB."""
    if not folder.exists():
        folder.mkdir(parents=True)
        for number, size in enumerate((0, 1, 100, 1000, 4096, 10_000, 65_536, 100_000, 1_000_000)):
            line = b"file %d of the load's folder\n" % number
            (folder / f"{size}.txt").write_bytes((line * (size // len(line) + 1))[:size])
    return folder
