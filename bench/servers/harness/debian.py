"""Debian source packages, without touching the machine's apt configuration.

A stock Debian image lists binary packages only.  So this derives deb-src entries from the entries that the machine has
and keeps them, with lists and downloads, in a private folder: mirrors, pinned suites and keys stay the machine's own.
apt verifies the signatures; dpkg-source verifies the checksums.
"""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

APT_FOLDER = Path("/etc/apt")
INSTALL = Path(__file__).resolve().parents[3] / "scripts/install-deps"


class SourceError(Exception):
    pass


@dataclass(frozen=True)
class Source:
    package: str
    version: str
    dsc: Path


def _run(command, cwd=None):
    result = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode != 0:
        raise SourceError(f"{' '.join(map(str, command))}: {(result.stderr or result.stdout).strip()}")
    return result.stdout


def _write_source_entries(folder):
    """Writes a deb-src twin of every enabled Debian entry; foreign repositories are left out."""
    written = 0
    for listed in sorted([APT_FOLDER / "sources.list", *(APT_FOLDER / "sources.list.d").glob("*")]):
        if not listed.is_file():
            continue
        text = listed.read_text()
        if listed.suffix == ".sources":
            stanzas = [s for s in re.split(r"\n\s*\n", text) if re.search(r"^URIs:.*debian", s, re.M | re.I)]
            stanzas = [s for s in stanzas if not re.search(r"^Enabled:\s*no", s, re.M | re.I)]
            twin = "\n\n".join(re.sub(r"^Types:.*$", "Types: deb-src", s, flags=re.M) for s in stanzas)
        elif listed.suffix == ".list":
            lines = [l for l in text.splitlines() if re.match(r"deb\s.*debian", l)]
            twin = "\n".join(re.sub(r"^deb\s", "deb-src ", l) for l in lines)
        else:
            continue
        if twin.strip():
            (folder / listed.name).write_text(twin.strip() + "\n")
            written += 1
    if written == 0:
        raise SourceError(f"no Debian archive among the entries of {APT_FOLDER}")


def _private_apt(apt):
    """Makes a private apt folder with current lists; returns the options that lead apt there."""
    shutil.rmtree(apt, ignore_errors=True)
    for folder in ("sources", "lists/partial", "archives/partial"):
        (apt / folder).mkdir(parents=True)
    _write_source_entries(apt / "sources")
    options = [
        "-q", "-o", "APT::Sandbox::User=root", "-o", "Dir::Etc::sourcelist=/dev/null",
        "-o", f"Dir::Etc::sourceparts={apt}/sources", "-o", f"Dir::State::lists={apt}/lists",
        "-o", f"Dir::Cache={apt}", "-o", f"Dir::Cache::archives={apt}/archives",
        # Hooks of the machine's configuration have no business with a private list.
        "-o", "APT::Update::Post-Invoke-Success=", "-o", "APT::Update::Post-Invoke=",
    ]
    _run(["apt-get", *options, "update"])
    return options


def _download_pinned(options, package, version, dsc_sha256, downloads):
    """Takes a version that the index need not list any more from where the archives keep the package's others.

    A table of patches is about one version, and archives keep files longer than index entries.  The digest vouches for the
    .dsc file, which holds those of the others.
    """
    listed = _run(["apt-cache", *options, "showsrc", package])
    folders = sorted(set(re.findall(r"^Directory: (\S+)$", listed, re.M)))
    archives = sorted(set(_run(["apt-get", *options, "indextargets", "--format", "$(REPO_URI)"]).split()))
    pools = [f"{archive.rstrip('/')}/{folder}" for archive in archives for folder in folders]

    def download(name, digest):
        for pool in pools:
            try:
                _run(["/usr/lib/apt/apt-helper", *options[1:], "download-file", f"{pool}/{name}", downloads / name,
                      f"SHA256:{digest}"])
                return
            except SourceError as error:
                failure = error
        raise SourceError(f"{package} {version}: no archive of this machine has {name}; the last said: {failure}")

    dsc = f"{package}_{version.split(':')[-1]}.dsc"
    download(dsc, dsc_sha256)
    sums = re.search(r"^Checksums-Sha256:\n((?: .*\n)+)", (downloads / dsc).read_text(), re.M).group(1)
    for digest, _, name in (line.split() for line in sums.splitlines()):
        download(name, digest)


def fetch(package, cache, version=None, dsc_sha256=None):
    """Downloads the source package once, later calls find it in `cache`: the newest version on offer, or the given one."""
    downloads = cache / "sources" / (package if version is None else f"{package}_{version}")
    if not downloads.exists():
        options = _private_apt(cache / "apt")
        downloads.mkdir(parents=True)
        try:
            if version is None:
                _run(["apt-get", *options, "source", "--download-only", package], cwd=downloads)
            else:
                _download_pinned(options, package, version, dsc_sha256, downloads)
        except SourceError:
            shutil.rmtree(downloads)  # nothing half-fetched may pass for a cached source
            raise
    present = sorted(downloads.glob("*.dsc"))
    if len(present) != 1:
        raise SourceError(f"{downloads}: expected one .dsc file, found {len(present)}")
    version = re.search(r"^Version: (\S+)$", present[0].read_text(), re.M).group(1)
    return Source(package, version, present[0])


def fetch_for(server, cache):
    """The server's source, and on the machine what it is built with."""
    if server.build_packages:
        _run([INSTALL, *server.build_packages])
    return fetch(server.package, cache, server.version, server.dsc_sha256)


def patch_series(folder):
    lines = (folder / "series").read_text().splitlines()
    return [l.split()[0] for l in lines if l.strip() and not l.startswith("#")]


def separate_commits(folder):
    """Makes of each patch that holds several commits, as mails, a patch for each, in a folder of the file's name."""
    series = []
    for name in patch_series(folder):
        mails = re.split(r"^(?=From [0-9a-f]{40} )", (folder / name).read_text(errors="surrogateescape"), flags=re.M)[1:]
        if len(mails) < 2:
            series.append(name)
            continue
        parts = (folder / name).with_suffix("")
        parts.mkdir()
        for number, mail in enumerate(mails, start=1):
            subject = re.search(r"^Subject: (?:\[[^]]*\] )?(.*(?:\n .*)*)", mail, re.M).group(1)
            part = parts / f"{number:02}-{re.sub(r'[^A-Za-z0-9]+', '-', subject)[:60].strip('-')}.patch"
            part.write_text(mail, errors="surrogateescape")
            series.append(part.relative_to(folder).as_posix())
    (folder / "series").write_text("".join(f"{name}\n" for name in series))


def extract(source, tree):
    """Unpacks upstream's source, with none of the package's patches applied; they are in debian/patches, each commit by itself."""
    shutil.rmtree(tree, ignore_errors=True)
    tree.parent.mkdir(parents=True, exist_ok=True)
    _run(["dpkg-source", "--no-copy", "--skip-patches", "--extract", source.dsc, tree])
    if (tree / "debian/patches/series").exists():
        separate_commits(tree / "debian/patches")


def apply_patch(tree, patch, reverse=False):
    _run(["patch", "--silent", "--strip=1", *(["--reverse"] if reverse else []), f"--input={patch.resolve()}"], cwd=tree)
