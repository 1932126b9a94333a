"""The ledger: what earlier releases showed, so that a new one can be judged together with them.

Lives here: one line a release, appended after the release is whole; reading it back.
Add here: the audit of a new release against all earlier ones, when it moves from the tests into the release.
Must not live here: exact counts. The ledger names releases and their hashes; the shown cells are in the releases.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

NAME = "ledger.jsonl"


def entries(releases: Path) -> list[dict[str, Any]]:
    path = releases / NAME
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def append(releases: Path, release_id: str, as_of: str, board_sha256: str) -> None:
    """Add a release once, whole or not at all: a killed run leaves either the old ledger or the new one."""
    known = entries(releases)
    if any(e["release"] == release_id for e in known):
        return
    previous = known[-1]["release"] if known else None
    line = {"release": release_id, "as_of": as_of, "board_sha256": board_sha256, "previous": previous}
    text = "".join(json.dumps(e, sort_keys=True) + "\n" for e in [*known, line])
    partial = releases / f".{NAME}.{os.getpid()}.partial"
    partial.write_text(text, "utf-8")
    partial.replace(releases / NAME)
