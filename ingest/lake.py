"""The lake: where everything lies, and how a file gets there whole or not at all.

Lives here: the paths below one home folder, atomic writes, zero-row schema anchors.
Add here: a new kind of stored thing.
Must not live here: deciding what is stored; reading senders' files.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.contract import Contracts
from ingest.projections.arrow import IDENTITY, PERSON_MAP, PIPELINE, raw_schema


@dataclass(frozen=True)
class Home:
    """One home folder with everything that a run reads and writes."""

    root: Path

    @property
    def landing(self) -> Path:
        return self.root / "landing"

    @property
    def identity(self) -> Path:
        return self.root / "identity"

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def receipts(self) -> Path:
        return self.root / "receipts"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse"

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    @property
    def truth(self) -> Path:
        return self.root / "truth"

    @property
    def dagster(self) -> Path:
        return self.root / "dagster"

    def validated(self, key: str, submission_id: str) -> Path:
        return self.lake / "validated" / key / submission_id

    def raw(self, key: str, table: str) -> Path:
        return self.lake / "raw" / key / table

    def pipeline(self, table: str) -> Path:
        return self.lake / "raw" / "pipeline" / table

    @property
    def person_map(self) -> Path:
        return self.from_identity("person_map")

    def from_identity(self, table: str) -> Path:
        """Where a table lies that has left the identity room."""
        return self.lake / "raw" / "identity" / table


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write whole or not at all: a temporary name in the same folder, fsync, rename.

    pandas and pyarrow destroy the previous good file when a write fails; a rename cannot.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as sink:
            pq.write_table(table, sink, compression="zstd")
            sink.flush()
            os.fsync(sink.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def writing() -> Generator[Callable[[pa.Table, Path], None]]:
    """A `write_parquet` that works beside the caller, one file at a time. Every file is whole when the block ends;
    what went wrong with one is raised there."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        begun: list[Future[None]] = []
        yield lambda table, path: begun.append(pool.submit(write_parquet, table, path))
        for each in begun:
            each.result()


def write_text(text: str, path: Path) -> None:
    """Write text whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8") as sink:
            sink.write(text)
            sink.flush()
            os.fsync(sink.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def place(source: Path, target: Path) -> None:
    """Give a finished file a second name, whole or not at all. Both names share the bytes; neither is ever edited."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    partial.unlink(missing_ok=True)
    try:
        try:
            os.link(source, partial)
        except OSError:  # a file system without links, or the lake on another disk
            shutil.copyfile(source, partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def remove_partials(home: Home) -> int:
    """Remove files that a killed run left half-written. Returns how many."""
    left = [p for folder in (home.lake, home.receipts) if folder.exists() for p in folder.rglob(".*.partial")]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def anchor_schemas(home: Home, contracts: Contracts) -> None:
    """Write a zero-row `_schema.parquet` beside every raw table.

    An empty glob is an error in DuckDB and an all-null column loses its type; the anchor pins both, so an extract
    that nobody has sent yet still builds.
    """
    for key, extract in contracts.items():
        for table in extract.tables:
            _anchor(home.raw(key, table.name), raw_schema(extract, table))
    for name, schema in PIPELINE.items():
        _anchor(home.pipeline(name), schema)
    for name, schema in {"person_map": PERSON_MAP, **IDENTITY}.items():
        _anchor(home.from_identity(name), schema)


def _anchor(folder: Path, schema: pa.Schema) -> None:
    path = folder / "_schema.parquet"
    if not path.exists() or not pq.read_schema(path).equals(schema):
        write_parquet(schema.empty_table(), path)
