"""Looks for planted values in everything that a run leaves behind, in clear and in the forms that values hide in.

`scan(home, markers)` reads every file below a folder except `landing/` and `identity/`: bytes as they are, Parquet columns
decoded, DuckDB and SQLite files opened and read, archives (xlsx, zip, gz) unpacked. Forms: any case, UTF-16, base64 at each
alignment, hexadecimal, and unkeyed MD5, SHA-1 and SHA-256 (an unkeyed hash of a ten-digit number is no protection).

As a script: `python tests/support/marker_scan.py HOME MARKER [MARKER ...]`; exit status 1 when something is found.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import sqlite3
import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ROOMS_WITH_IDENTIFIERS = ("landing", "identity")
BUNDLE_BYTES = 16_000_000


@dataclass(frozen=True)
class Hit:
    """Where a marker was found, which one (by its place in the list), and in what form."""

    path: str
    marker: int
    form: str


class Patterns:
    """Every form of every marker. `folded` are searched in lower-cased bytes, `exact` as they are."""

    def __init__(self, markers: Sequence[str]) -> None:
        self.folded: dict[bytes, tuple[int, str]] = {}
        self.exact: dict[bytes, tuple[int, str]] = {}
        self._finders: tuple[_Finder, _Finder] | None = None
        for number, marker in enumerate(markers):
            self._add(number, marker)

    def _add(self, number: int, marker: str) -> None:
        self.folded[marker.lower().encode()] = (number, "clear")
        self.folded[marker.lower().encode("utf-16-le")] = (number, "utf-16")
        for variant in {marker, marker.upper(), marker.lower()}:
            raw = variant.encode()
            self.folded[raw.hex().encode()] = (number, "hexadecimal")
            for name in ("md5", "sha1", "sha256"):
                digest = hashlib.new(name, raw, usedforsecurity=False)
                self.folded[digest.hexdigest().encode()] = (number, name)
                self.exact[digest.digest()] = (number, f"{name}, binary")
                self.exact[base64.b64encode(digest.digest()).rstrip(b"=")] = (number, f"{name}, base64")
            for pad in range(3):
                coded = base64.b64encode(b"\0" * pad + raw)
                start = (pad * 8 + 5) // 6
                end = (pad + len(raw)) * 8 // 6
                self.exact[coded[start:end]] = (number, "base64")

    def find(self, content: bytes) -> Iterator[tuple[int, str]]:
        if self._finders is None:
            self._finders = (_Finder(self.folded), _Finder(self.exact))
        folded, exact = self._finders
        yield from folded.find(content.lower())
        yield from exact.find(content)


class _Finder:
    """Which of thousands of patterns occur in megabytes: every eight bytes are looked up at once, hits are then compared whole."""

    SLOTS = 20
    MIX = np.uint64(0x9E3779B97F4A7C15)
    CHUNK = 4_000_000

    def __init__(self, patterns: dict[bytes, tuple[int, str]]) -> None:
        self.short = {p: what for p, what in patterns.items() if len(p) < 8}
        self.long: dict[int, list[tuple[bytes, tuple[int, str]]]] = {}
        for pattern, what in patterns.items():
            if len(pattern) >= 8:
                self.long.setdefault(int.from_bytes(pattern[:8], "little"), []).append((pattern, what))
        self.starts = np.array(sorted(self.long), dtype="<u8")
        self.slots = np.zeros(1 << self.SLOTS, dtype=bool)
        self.slots[self._slot(self.starts)] = True

    def _slot(self, words: Any) -> Any:
        return (words * self.MIX) >> np.uint64(64 - self.SLOTS)

    def find(self, content: bytes) -> Iterator[tuple[int, str]]:
        yield from (what for pattern, what in self.short.items() if pattern in content)
        for start in range(0, len(content) - 7, self.CHUNK):
            size = min(self.CHUNK, len(content) - 7 - start)
            words = np.ndarray((size,), dtype="<u8", buffer=content, offset=start, strides=(1,))
            likely = np.flatnonzero(self.slots[self._slot(words)])
            for place in likely[np.isin(words[likely], self.starts)].tolist():
                for pattern, what in self.long[int(words[place])]:
                    if content.startswith(pattern, start + place):
                        yield what


def scan(folder: Path, markers: Sequence[str], skip: Iterable[str] = ROOMS_WITH_IDENTIFIERS) -> list[Hit]:
    """Every place below a folder that holds a marker in any form. `skip` names top-level folders."""
    patterns, left_out = Patterns(markers), set(skip)
    hits: set[Hit] = set()
    for bundle in _bundles(folder, left_out):
        # Thousands of patterns and small files: most bundles are clean, and one look at each says so.
        if any(patterns.find(b"\0".join(content for _, content in bundle))):
            hits |= {
                Hit(path, number, form) for path, content in bundle for number, form in patterns.find(content)
            }
    return sorted(hits, key=lambda h: (h.path, h.marker, h.form))


def _bundles(folder: Path, left_out: set[str]) -> Iterator[list[tuple[str, bytes]]]:
    """What lies below a folder, file names included, in portions."""
    bundle: list[tuple[str, bytes]] = []
    size = 0
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if inside.parts[0] in left_out or not path.is_file() or path.is_symlink():
            continue
        for content in (str(inside).encode(), *contents(path)):
            bundle.append((str(inside), content))
            size += len(content)
        if size > BUNDLE_BYTES:
            yield bundle
            bundle, size = [], 0
    yield bundle


def scan_text(text: str, markers: Sequence[str]) -> list[Hit]:
    """The same for text that was captured: logs, output."""
    return [Hit("text", number, form) for number, form in Patterns(markers).find(text.encode())]


def contents(path: Path) -> Iterator[bytes]:
    """What a file holds: its bytes, and what is packed in them."""
    content = path.read_bytes()
    yield content
    if content[:4] == b"PAR1" and content[-4:] == b"PAR1":
        yield from _columns(pq.read_table(path))
    elif content[8:12] == b"DUCK":
        yield from _duckdb(path)
    elif content[:15] == b"SQLite format 3":
        yield from _sqlite(path)
    elif content[:2] == b"\x1f\x8b":
        yield gzip.decompress(content)
    # By its first bytes: encrypted bytes may well hold an archive's last ones.
    elif content[:2] == b"PK" and zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from (archive.read(name) for name in archive.namelist())


def _columns(table: pa.Table) -> Iterator[bytes]:
    yield repr(table.schema.names).encode() + b"".join(
        f"{k}{v}".encode() for k, v in (table.schema.metadata or {}).items()
    )
    for column in table.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            yield "\n".join(v for v in pc.unique(column).to_pylist() if v is not None).encode()
        elif pa.types.is_binary(column.type) or pa.types.is_nested(column.type):
            yield repr(column.to_pylist()).encode()


def _duckdb(path: Path) -> Iterator[bytes]:
    with duckdb.connect(str(path), read_only=True) as con:
        for schema, name in con.execute(
            "select schema_name, table_name from duckdb_tables() where not internal"
        ).fetchall():
            yield from _columns(con.execute(f'select * from "{schema}"."{name}"').to_arrow_table())
        for view in con.execute("select sql from duckdb_views() where not internal").fetchall():
            yield str(view[0]).encode()


def _sqlite(path: Path) -> Iterator[bytes]:
    with sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True) as con:
        for (name,) in con.execute("select name from sqlite_master where type = 'table'").fetchall():
            for row in con.execute(f'select * from "{name}"'):
                yield b"\n".join(v if isinstance(v, bytes) else str(v).encode() for v in row)


if __name__ == "__main__":
    found = scan(Path(sys.argv[1]), sys.argv[2:])
    for hit in found:
        print(f"{hit.path}: marker {hit.marker}: {hit.form}")
    sys.exit(1 if found else 0)
