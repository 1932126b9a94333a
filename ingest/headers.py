"""Headers: which of the sender's columns is which field.

Lives here: the one way in which names are compared, finding the header among a sheet's first rows, the layout of columns.
Add here: another tolerance in names, if it can never make two fields look the same.
Must not live here: reading files; the names themselves, which are in the contract.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.contract import Severity, Table
from ingest.readers.base import (
    MAX_IGNORED,
    MAX_NAMED,
    FileCode,
    FileProblem,
    Ignored,
    clean_name,
    letter,
    problem,
)

#: The header is looked for in these first rows.
HEADER_WITHIN = 30
#: A row is a header when it holds at least this share of the columns that the table cannot do without.
ENOUGH = 0.5

_NOT_WORD = re.compile(r"[^0-9a-z]+")


def key(name: object) -> str:
    """A name without case, accents of width, spaces or punctuation: `LA (code)` and `la_code` are one name."""
    folded = unicodedata.normalize("NFKC", str(name)).casefold()
    return _NOT_WORD.sub("", folded)


@dataclass(frozen=True)
class Layout:
    """Where each field of a table stands in the sender's columns (0-based positions)."""

    positions: dict[str, int]  # field -> position
    ignored: tuple[Ignored, ...]  # columns that no field takes (positions 1-based, as people count)
    missing: tuple[str, ...]  # fields without a column
    width: int  # columns in the header row

    @property
    def extra(self) -> tuple[int, ...]:
        return tuple(i.position - 1 for i in self.ignored)


def names_of(table: Table) -> dict[str, str]:
    """Normalised name -> field. A field's own headers come before the field names, so a synonym never steals one."""
    out: dict[str, str] = {}
    for field in table.fields:
        for header in field.headers:
            out.setdefault(key(header), field.name)
    for field in table.fields:
        out.setdefault(key(field.name), field.name)
    out.pop("", None)
    return out


def score(cells: Sequence[str], table: Table) -> int:
    """How many different fields the cells name."""
    names = names_of(table)
    return len({names[k] for c in cells if (k := key(c)) in names})


def is_header(found: int, table: Table) -> bool:
    """True when a row that names so many fields can only be the header."""
    needed = [f for f in table.fields if not f.optional_column]
    return found >= min(max(2, round(ENOUGH * len(needed) + 0.0001)), max(len(needed), 1))


def layout(
    header: Sequence[str],
    table: Table,
    upper: Sequence[str] | None = None,
    upper_own: Sequence[bool] | None = None,
) -> Layout:
    """Match a header row to a table's fields. Order does not matter; the first of two columns for one field wins.

    `upper` is the row above, merged cells filled to the right, for headers of two rows: a column is matched by its lowest
    name, then by both names joined, then by the upper name where that cell is the column's own (`upper_own`).
    """
    names = names_of(table)
    positions: dict[str, int] = {}
    ignored: list[Ignored] = []
    for position, lowest in enumerate(header):
        above = upper[position] if upper is not None and position < len(upper) else ""
        tries = [lowest]
        if above:
            tries.append(f"{above} {lowest}")
            if not key(lowest) or (
                upper_own is not None and position < len(upper_own) and upper_own[position]
            ):
                tries.append(above)
        field = next((names[k] for t in tries if (k := key(t)) and k in names), None)
        shown = clean_name(lowest or above)
        if field is not None and field not in positions:
            positions[field] = position
            continue
        if field is not None:
            why = f"column {letter(positions[field] + 1)} was read for {field}"
        else:
            why = "not in the contract" if key(shown) else "no name"
        if len(ignored) < MAX_IGNORED:
            ignored.append(Ignored(position + 1, letter(position + 1), shown, why))
    missing = tuple(f.name for f in table.fields if f.name not in positions)
    return Layout(positions, tuple(ignored), missing, len(header))


def column_problems(found: Layout, table: Table) -> list[FileProblem]:
    """What a receipt says about missing columns. A required field without a column blocks; another one is a warning."""
    out: list[FileProblem] = []
    for name in found.missing:
        field = table.by_name[name]
        if field.optional_column or field.since is not None or field.until is not None:
            continue  # a column of another year's layout is nobody's fault
        blocks = field.required and field.required_severity in (Severity.reject_row, Severity.block_file)
        out.append(
            problem(
                FileCode.FILE_COLUMN_MISSING,
                severity=Severity.block_file if blocks else Severity.warn,
                table=table.name,
                label=field.label,
                headers=field.headers[0] if field.headers else field.name,
            )
        )
    return out


def ignored_problem(ignored: Sequence[Ignored], table: Table) -> FileProblem | None:
    """One note that names the columns left out, with their Excel letters. Unnamed empty columns are not worth a note."""
    shown = [i for i in ignored if i.header or i.cells]
    if not shown:
        return None
    names = ", ".join(f"{i.letter} {i.header}".strip() for i in shown[:MAX_NAMED])
    more = f" and {len(shown) - MAX_NAMED} more" if len(shown) > MAX_NAMED else ""
    return problem(FileCode.FILE_COLUMN_IGNORED, table=table.name, names=names + more)
