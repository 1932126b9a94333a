"""Names as linkage compares them: one spelling of letters, the words apart, what a nickname stands for, how it sounds.

Lives here: turning a column of forenames or surnames into the columns that a record is compared by.
Add here: another form of a name that a comparison looks at; spellings of one name in `name_variants.csv`.
Must not live here: comparing two names (scored.py), who is linked to whom.

Everything is worked out once for each distinct name and then spread over the rows. Nicknames come from the `nicknames`
library, letters without accents from `anyascii`, sounds from `jellyfish`. The library of nicknames is American and short
of South Asian and Arabic names, so transliterations of one name stand in `name_variants.csv`.
"""

# pyarrow.compute makes its functions while it is imported, so a type checker cannot see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from anyascii import anyascii
from jellyfish import metaphone
from nicknames import NickNamer

VARIANTS = Path(__file__).with_name("name_variants.csv")
#: Words in the place of a name that name nobody: people write them when they do not know.
NOBODY = frozenset(
    [
        "baby",
        "boy",
        "girl",
        "infant",
        "child",
        "unborn",
        "twin",
        "male",
        "female",
        "unknown",
        "unk",
        "na",
        "n",
        "a",
        "none",
        "not",
        "known",
        "tbc",
        "test",
        "record",
        "anon",
        "anonymous",
    ]
)
_LETTERS = re.compile(r"[^a-z ]+")
_BREAKS = re.compile(r"[-\s/,.]+")


def words(name: str) -> list[str]:
    """The words of a name in plain small letters: "Zoë O'Neill-Smith" is zoe, oneill, smith. Nobody's name is no words."""
    plain = _LETTERS.sub("", _BREAKS.sub(" ", anyascii(name).lower().replace("'", "").replace("`", "")))
    found = plain.split()
    return [] if all(word in NOBODY for word in found) else found


def forename_keys(first: str) -> list[str]:
    """What a forename may stand for: itself, the names that it is short for, its group of transliterations."""
    keys = {first} | {k for k in _nicknamer().canonicals_of(first) if k} | set(_variants().get(first, ()))
    return sorted(keys)


def forenames(names: pa.ChunkedArray) -> pa.Table:
    """`forename` (first word), `forename_words`, `forename_keys`, `forename_sound` of each row; null where nobody is named."""

    def form(name: str) -> dict[str, Any] | None:
        found = words(name)
        if not found:
            return None
        return {
            "forename": found[0],
            "forename_words": found,
            "forename_keys": forename_keys(found[0]),
            "forename_sound": metaphone(found[0]) or found[0],
        }

    return _spread(names, form, FORENAME)


def surnames(names: pa.ChunkedArray) -> pa.Table:
    """`surname` (words run together) and `surname_words` of each row; null where nobody is named."""

    def form(name: str) -> dict[str, Any] | None:
        found = words(name)
        return {"surname": "".join(found), "surname_words": found} if found else None

    return _spread(names, form, SURNAME)


FORENAME = pa.struct(
    [
        ("forename", pa.string()),
        ("forename_words", pa.list_(pa.string())),
        ("forename_keys", pa.list_(pa.string())),
        ("forename_sound", pa.string()),
    ]
)
SURNAME = pa.struct([("surname", pa.string()), ("surname_words", pa.list_(pa.string()))])


def _spread(
    names: pa.ChunkedArray, form: Callable[[str], dict[str, Any] | None], kind: pa.StructType
) -> pa.Table:
    """Work out `form` of each distinct name, and give every row that of its name."""
    encoded = pc.dictionary_encode(names.combine_chunks().cast(pa.string()))
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    forms = pa.array([form(name) if name else None for name in encoded.dictionary.to_pylist()], kind)
    columns: Sequence[pa.Array] = [pc.struct_field(forms, f.name).take(encoded.indices) for f in kind]
    return pa.Table.from_arrays(columns, names=[f.name for f in kind])


@lru_cache(maxsize=1)
def _nicknamer() -> NickNamer:
    return NickNamer()


@lru_cache(maxsize=1)
def _variants() -> dict[str, tuple[str, ...]]:
    """Each spelling of a listed name -> the group's name, marked so that it is no name itself."""
    with VARIANTS.open(encoding="utf-8") as lines:
        rows = [row for row in csv.reader(lines) if row and not row[0].startswith("#")]
    groups: dict[str, set[str]] = {}
    for spellings in rows:
        for spelling in spellings:
            groups.setdefault(spelling, set()).add(f"~{spellings[0]}")
    return {spelling: tuple(sorted(marks)) for spelling, marks in groups.items()}
