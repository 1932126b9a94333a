"""Tombstones: which pseudonyms were erased, so that the same child is not let in again by the next file.

Lives here: the list, and telling which of many pseudonyms are on it.
Add here: nothing; what is done with erased rows is pipeline.py's and erasure.py's.
Must not live here: pseudonyms. The list holds keyed hashes of them: it recognises an erased child and names none.

A sender who gives the child a new number of its own makes a new pseudonym, which no tombstone knows. It is not guessed: a
number may be shared by two children, and the wrong child's rows would go without anybody seeing it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute

from ingest.identity.keys import PSEUDONYM, Key, load_key
from ingest.identity.private import read_json, write_json
from ingest.lake import Home

pc: Any = pyarrow.compute  # its functions are made at run time, so no type checker knows them
FILE = "tombstones.json"


@dataclass(frozen=True)
class Stone:
    """Why the rows of one pseudonym are not kept, and since when."""

    case: str
    on: str  # ISO date


@dataclass(frozen=True)
class Tombstones:
    """The list, with the key that its marks are made with."""

    key: Key | None = None
    stones: dict[str, Stone] = field(default_factory=dict[str, Stone])

    def __bool__(self) -> bool:
        return bool(self.stones)

    def of(self, token: str) -> Stone | None:
        return self.stones.get(_mark(self.key, token)) if self.key else None

    def cases(self, tokens: pa.ChunkedArray | pa.Array) -> pa.Array:
        """For each pseudonym, the case under which it was erased, or null. One hash for each distinct pseudonym."""
        column: Any = tokens.combine_chunks() if isinstance(tokens, pa.ChunkedArray) else tokens
        encoded = pc.dictionary_encode(column)
        known = [s.case if (s := self.of(t)) else None for t in encoded.dictionary.to_pylist()]
        return pa.array(known, pa.string()).take(encoded.indices)

    def day(self, case: str) -> str:
        return next(s.on for s in self.stones.values() if s.case == case)


def load(home: Home) -> Tombstones:
    """The tombstones of a home; making a key for an empty list would be a side effect, so none is read."""
    stones: dict[str, dict[str, str]] = read_json(home.identity / FILE, {})
    if not stones:
        return Tombstones()
    return Tombstones(load_key(home.identity, PSEUDONYM), {m: Stone(**s) for m, s in stones.items()})


def add(home: Home, tokens: Iterable[str], case: str, on: str) -> None:
    """Mark pseudonyms as erased. One that is marked already keeps its case."""
    key, stones = load_key(home.identity, PSEUDONYM), read_json(home.identity / FILE, {})
    write_json({**{_mark(key, t): {"case": case, "on": on} for t in tokens}, **stones}, home.identity / FILE)


def remove(home: Home, tokens: Iterable[str]) -> int:
    """Let these pseudonyms in again from now on. Returns how many were marked."""
    key, stones = load_key(home.identity, PSEUDONYM), read_json(home.identity / FILE, {})
    kept = {m: s for m, s in stones.items() if m not in {_mark(key, t) for t in tokens}}
    write_json(kept, home.identity / FILE)
    return len(stones) - len(kept)


def _mark(key: Key, token: str) -> str:
    return key.digest(f"erased|{token}").hex()[:32]
