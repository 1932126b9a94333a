"""What is complete: which of a place's files make a delivery that its sender has finished.

Lives here: the two signals, a final name and a manifest.
Add here: another signal that a sender can give.
Must not live here: waiting until a size no longer changes. A slow sender pauses too, so that is no signal.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ingest.contract import FORMAT_SUFFIXES, Extract
from ingest.landing import MANIFEST, MAX_MANIFEST_BYTES, NOT_DELIVERIES, UPLOADS
from ingest.transport.codes import Code, PullError
from ingest.transport.stores import Remote

_SAFE = re.compile(r"^[A-Za-z0-9(][A-Za-z0-9 ()_.,+&'\-]{0,119}$")
_SHA = re.compile(r"^[0-9a-f]{64}$")


@dataclass(frozen=True)
class Unit:
    """One delivery at its place: files, and what each must turn out to be, when somebody said so."""

    folder: tuple[str, ...]
    files: tuple[Remote, ...]
    manifest: bytes | None = None
    stated: Mapping[str, str] = field(default_factory=dict[str, str])  # name -> SHA-256

    @property
    def key(self) -> str:
        """The unit's place, as a hash: a file's name may hold a child's."""
        whole = len(self.files) != 1 or self.manifest is not None
        place = "/".join((*self.folder, "" if whole else self.files[0].name))
        return hashlib.sha256(place.encode()).hexdigest()

    @property
    def mark(self) -> str:
        """What changes when anything of the delivery does."""
        lines = [f"{f.name}:{f.mark}" for f in self.files]
        return hashlib.sha256("\n".join([*lines, (self.manifest or b"").hex()]).encode()).hexdigest()

    @property
    def size(self) -> int:
        return sum(f.size for f in self.files)

    @property
    def newest(self) -> float:
        return max(f.modified for f in self.files)


@dataclass
class Found:
    units: list[Unit] = field(default_factory=list[Unit])
    waiting: int = 0  # uploads under way
    problems: Counter[Code] = field(default_factory=Counter[Code])


def find(
    files: Sequence[Remote],
    extract: Extract,
    complete: str,
    match: Sequence[str],
    read: Callable[[Remote], bytes],
) -> Found:
    """The complete deliveries among the files. `read` fetches a manifest, bounded."""
    out = Found()
    formats = (extract.delivery.format, *(form.format for form in extract.delivery.also))
    wanted = match or tuple(f"*{suffix}" for name in formats for suffix in FORMAT_SUFFIXES[name])
    folders: dict[tuple[str, ...], list[Remote]] = {}
    for remote in files:
        if any(_like(part, UPLOADS) for part in remote.parts):
            out.waiting += 1
            continue
        folders.setdefault(remote.parts[:-1], []).append(remote)
    for folder, inside in sorted(folders.items()):
        manifest = next((r for r in inside if r.name == MANIFEST), None)
        mine = [r for r in inside if _like(r.name, wanted) and not _like(r.name, NOT_DELIVERIES)]
        if complete == "manifest":
            if manifest is not None:
                _by_manifest(out, folder, mine, manifest, read)
            elif mine:
                out.waiting += 1  # the manifest comes last
        elif mine:
            _by_name(out, folder, mine, extract)
    return out


def _by_name(out: Found, folder: tuple[str, ...], mine: list[Remote], extract: Extract) -> None:
    together = [r for r in mine if extract.as_sent(Path(r.name).suffix).delivery.format == "csv_set"]
    for remote in (r for r in mine if r not in together):
        _add(out, Unit(folder, (remote,)))
    if together and folder:
        _add(out, Unit(folder, tuple(together)))
    elif together:
        out.problems[Code.LOOSE] += len(together)


def _by_manifest(
    out: Found, folder: tuple[str, ...], mine: list[Remote], manifest: Remote, read: Callable[[Remote], bytes]
) -> None:
    try:
        body = read(manifest)
        stated = _stated(body)
    except PullError as error:
        out.problems[error.code] += 1
        return
    there = {r.name: r for r in mine}
    if any(
        name not in there or (size is not None and there[name].size != size)
        for name, (size, _) in stated.items()
    ):
        out.problems[Code.INCOMPLETE] += 1
        return
    files = tuple(there[name] for name in sorted(stated))
    _add(out, Unit(folder, files, body, {name: sha for name, (_, sha) in stated.items() if sha}))


def _add(out: Found, unit: Unit) -> None:
    if all(_SAFE.match(part) and ".." not in part for part in (*unit.folder, *(f.name for f in unit.files))):
        out.units.append(unit)
    else:
        out.problems[Code.NAME] += 1


def _stated(body: bytes) -> dict[str, tuple[int | None, str]]:
    """The manifest's files with size and SHA-256. Each file must have one of the two. Raises PullError."""
    try:
        found: Any = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise PullError(Code.MANIFEST) from None
    files = found.get("files") if isinstance(found, dict) else None
    if not isinstance(files, dict) or not files:
        raise PullError(Code.MANIFEST)
    out: dict[str, tuple[int | None, str]] = {}
    for name, entry in files.items():
        size = entry.get("bytes") if isinstance(entry, dict) else None
        sha = str(entry.get("sha256", "")).lower() if isinstance(entry, dict) else ""
        has_size = isinstance(size, int) and not isinstance(size, bool) and size >= 0
        if "/" in name or (sha and not _SHA.match(sha)) or not (has_size or sha):
            raise PullError(Code.MANIFEST)
        out[name] = (size if has_size else None, sha)
    return out


def bounded(body: bytes) -> bytes:
    """A manifest's bytes. Raises PullError when there are more than any manifest has."""
    if len(body) > MAX_MANIFEST_BYTES:
        raise PullError(Code.MANIFEST)
    return body


def _like(name: str, globs: Sequence[str]) -> bool:
    return any(fnmatchcase(name.casefold(), g.casefold()) for g in globs)
