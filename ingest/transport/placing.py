"""Putting a delivery into landing: whole or not at all.

Lives here: the hidden folder in which a delivery is put together, and the rename that makes it visible.
Add here: another thing that must be true before a delivery becomes visible.
Must not live here: where bytes come from.

A delivery's folder is named after its content. So a pull that was killed after the rename and before its journal was
written finds the folder when it comes again, and nothing is there twice.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ingest.contract import Extract
from ingest.landing import MANIFEST
from ingest.transport.codes import Code, PullError

#: Room that a pull leaves on the disk for everybody else.
SPARE_BYTES = 200_000_000


def delivery_folder(landing: Path, extract: Extract, submitter: str) -> Path:
    return landing / extract.agency / extract.extract / submitter


def hidden_folder(landing: Path, extract: Extract, submitter: str, source: str) -> Path:
    """Where deliveries of a source are put together: the same disk, and hidden from discovery by its name."""
    return delivery_folder(landing, extract, submitter) / f".{source}.pulling"


@contextmanager
def workspace(hidden: Path) -> Generator[Path]:
    """An empty hidden folder, removed afterwards. What a killed pull left in it goes first."""
    shutil.rmtree(hidden, ignore_errors=True)
    hidden.mkdir(parents=True)
    try:
        yield hidden
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def room_for(folder: Path, size: int) -> None:
    """Raises PullError when the disk would be full afterwards: better before than half-way."""
    if shutil.disk_usage(folder).free < size + SPARE_BYTES:
        raise PullError(Code.DISK_FULL)


class Sink:
    """A file being written: counts and hashes what passes, and stops at a limit."""

    def __init__(self, handle: IO[bytes], limit: int) -> None:
        self._handle, self._limit = handle, limit
        self.size = 0
        self._sha = hashlib.sha256()

    def write(self, block: bytes) -> int:
        self.size += len(block)
        if self.size > self._limit:
            raise PullError(Code.TOO_LARGE)
        self._sha.update(block)
        return self._handle.write(block)

    @property
    def sha256(self) -> str:
        return self._sha.hexdigest()


def write_file(path: Path, limit: int, fill: Callable[[Sink], None]) -> Sink:
    """Write one file and make sure that it is on the disk. Returns what was written."""
    with path.open("xb") as handle:
        sink = Sink(handle, limit)
        fill(sink)
        handle.flush()
        os.fsync(handle.fileno())
    return sink


def content_id(shas: Mapping[str, str], folder: Iterable[str]) -> str:
    """One hash of a delivery: its folder, and its files by name and content.

    The folder may be all that says the period: the same empty return twice a year is two deliveries.
    """
    lines = ["/".join(folder), *(f"{name}:{sha}" for name, sha in sorted(shas.items()))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def finish(work: Path, target: Path, manifest: bytes | None) -> None:
    """Make a delivery visible: manifest, folder to disk, one rename. A folder that is there already is the same one."""
    if manifest is not None:
        write_file(work / MANIFEST, len(manifest), lambda sink: _all(sink, manifest))
    sync_folder(work)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        return
    work.rename(target)
    sync_folder(target.parent)


def _all(sink: Sink, body: bytes) -> None:
    sink.write(body)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
