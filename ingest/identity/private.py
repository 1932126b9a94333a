"""Files of the identity room that hold pseudonyms and counts in clear: written whole, for their owner only.

Lives here: writing one such file.
Add here: nothing, unless the room needs another way of writing.
Must not live here: identifiers; those are encrypted by store.py.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ingest.identity.keys import private_folder


def write_private(text: str, path: Path) -> None:
    """Write text whole or not at all, readable by its owner only, in a folder that only its owner enters."""
    private_folder(path.parent)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as sink:
            sink.write(text)
            sink.flush()
            os.fsync(sink.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_json(content: Any, path: Path) -> None:
    write_private(json.dumps(content, indent=1, sort_keys=True) + "\n", path)


def read_json(path: Path, otherwise: Any) -> Any:
    """The content, or `otherwise` when there is no such file yet."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else otherwise


def sync_folder(folder: Path) -> None:
    """Make a new name in a folder outlast a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
