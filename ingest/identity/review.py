"""Review: pairs that linkage leaves to people, and what a person is shown of one.

Lives here: the queue as a file, showing one case.
Add here: another thing that a reviewer needs to decide, and no more than that.
Must not live here: the decision itself (decisions.py), which pairs are left to people (outcomes.py).

The queue is a CSV in the room with pseudonyms, agencies, the reason and how each attribute compares: no identifier. A case on the
screen shows the values of what differs, and of what agrees only that it agrees: nobody needs to read a name twice to see that it
is the same. What one of the two does not have cannot be compared, so it is not shown either; the senders' own record numbers are,
because that is where a reviewer looks the child up.
"""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.csv

from ingest import registry
from ingest.identity import decisions
from ingest.identity.compare import COMPARISONS
from ingest.identity.private import write_private
from ingest.identity.restrictions import person_map
from ingest.identity.store import IdentityStore
from ingest.lake import Home

pc: Any = pyarrow.compute  # its functions are made at run time, so no type checker knows them
_LEVELS = ", ".join(
    f"[{', '.join(repr(v) for v in (*c.values[:-1], 'unknown'))}][case p.gamma_{c.name} when -1 then {len(c.values)} else p.gamma_{c.name} + 1 end] as {c.name}"
    for c in COMPARISONS
)
#: Pairs for review of two tokens that are not one person already, not decided, the likeliest first; one row a pair. A token is named
#: by its stem, so a case stays the same case when pseudonyms are made with another key.
QUEUE = f"""
    select
        substr(sha256(least(x.stem, y.stem) || '|' || greatest(x.stem, y.stem)), 1, 10) as "case",
        least(x.stem, y.stem) as token_a, greatest(x.stem, y.stem) as token_b,
        case when x.stem < y.stem then x.agency else y.agency end as agency_a,
        case when x.stem < y.stem then y.agency else x.agency end as agency_b,
        p.step, p.reason, round(p.weight, 1) as weight, {_LEVELS}
    from (
        from pair where outcome = 'review'
        qualify row_number() over (partition by a, b order by strength desc, step) = 1
    ) p
    join token x on p.a = x.node join token y on p.b = y.node
    join clusters cx on p.a = cx.node join clusters cy on p.b = cy.node
    anti join decided_pair d on p.a = d.a and p.b = d.b
    where cx.label <> cy.label and x.stem <> y.stem
    qualify row_number() over (partition by "case" order by p.strength desc, p.step, x.token, y.token) = 1
    order by p.step = 'scored', weight desc nulls first, "case"
"""


@dataclass(frozen=True)
class Case:
    """One pair for review, as far as a reviewer needs to see it: (attribute, level, what A says, what B says)."""

    case: str
    token_a: str
    token_b: str
    agency_a: str
    agency_b: str
    reason: str
    lines: tuple[tuple[str, str, str, str], ...]


def write_queue(home: Home, queue: pa.Table) -> None:
    """The queue as a file that only its owner can read, whole or not at all."""
    text = io.BytesIO()
    pyarrow.csv.write_csv(queue, text)
    write_private(text.getvalue().decode(), _path(home))


def queue(home: Home) -> pa.Table:
    """The cases that wait, less those that have been decided since the last run."""
    path = _path(home)
    if not path.exists():
        return pa.table({"case": pa.array([], pa.string())})
    kinds = {
        name: pa.string()
        for name in ("case", "token_a", "token_b", "agency_a", "agency_b", "reason", *LEVELS)
    }
    table = pyarrow.csv.read_csv(path, convert_options=pyarrow.csv.ConvertOptions(column_types=kinds))
    done = {s.case for s in decisions.in_force(home)}
    return table.filter(pa.array([c not in done for c in table["case"].to_pylist()], pa.bool_()))


def waiting(home: Home, reason: str | None = None) -> list[dict[str, object]]:
    """The cases that wait, the likeliest first, as rows without identifiers."""
    return [r for r in queue(home).to_pylist() if reason in (None, r["reason"])]


def tokens_of(home: Home, case: str) -> tuple[str, str]:
    """The two pseudonyms of a case that waits, or that people spoke of before. Raises decisions.Refused."""
    for row in waiting(home):
        if row["case"] == case:
            return str(row["token_a"]), str(row["token_b"])
    said = decisions.last(home, case)
    if said is None:
        raise decisions.Refused("There is no such case; `scp identity review list` shows them.")
    return said.a, said.b


def typed_pair(home: Home, a: str, b: str) -> tuple[str, str]:
    """Two pseudonyms that somebody typed, as decisions name them. Raises decisions.Refused, without repeating what was typed."""
    if not {a, b} <= set(person_map(home)["child_token"].to_pylist()):
        raise decisions.Refused(
            "Give two pseudonyms that linkage knows, like c1_0123...; `scp identity review list` and `scp person find` "
            "lead to them. An identifier is never typed here: if you typed one, delete that line of the shell's history."
        )
    store = IdentityStore(home.identity)
    return store.stem_of(a), store.stem_of(b)


def show(home: Home, case: str) -> Case:
    """What the reviewer sees of a case. Raises decisions.Refused when there is no such case."""
    rows = [r for r in waiting(home) if r["case"] == case]
    if not rows:
        raise decisions.Refused("No such case waits for a decision.")
    row = {k: str(v) if v is not None else "" for k, v in rows[0].items()}
    said = _said(home, (row["token_a"], row["token_b"])).to_pylist()
    lines: list[tuple[str, str, str, str]] = []
    for attribute, columns in _SHOWN.items():
        a, b = (_values(said, row[t], columns) for t in ("token_a", "token_b"))
        level = row.get(attribute) or _level(a, b)
        if level == AGREES or not (a or b):
            lines += [(attribute, level, "", "")] if a or b else []
        elif attribute == LOOKED_UP_BY or (a and b):
            # What both say agrees, also where one of them says something else as well.
            lines.append((attribute, level, _only(a, b), _only(b, a)))
        else:
            lines.append((attribute, "unknown", "", ""))
    return Case(
        case, row["token_a"], row["token_b"], row["agency_a"], row["agency_b"], row["reason"], tuple(lines)
    )


#: How each attribute compares: columns of the queue.
LEVELS = tuple(c.name for c in COMPARISONS)
AGREES, LOOKED_UP_BY = "same", "record"
_SHOWN = {
    "forename": ("forename",),
    "surname": ("surname",),
    "birth": ("birth_date", "expected_birth_date"),
    "sex": ("sex",),
    "postcode": ("postcode",),
    "NHS number": ("nhs_number",),
    "UPN": ("upn",),
    "record": ("local_id",),
}


def _said(home: Home, tokens: tuple[str, str]) -> pa.Table:
    store = IdentityStore(home.identity)
    ids = sorted(set(registry.current(home)["submission_id"].to_pylist()) & store.ids())
    rows = store.read(ids, tokens=sorted(store.versions_of(tokens)))
    stems = pc.coalesce(rows["first_token"], rows["child_token"])
    return rows.set_column(rows.column_names.index("child_token"), "child_token", stems)


def _values(said: list[dict[str, object]], token: str, columns: tuple[str, ...]) -> set[str]:
    """The distinct things that were said about a token."""
    return {_text(r[c]) for r in said if r["child_token"] == token for c in columns if r[c] is not None}


def _only(one: set[str], other: set[str]) -> str:
    return " / ".join(sorted(one - other))


def _level(a: set[str], b: set[str]) -> str:
    """How two sets of values compare where the queue has no level."""
    return AGREES if a == b else "differ" if a and b else "unknown"


def _text(value: object) -> str:
    return value.strftime("%d/%m/%Y") if isinstance(value, dt.date) else str(value)


def _path(home: Home) -> Path:
    return home.identity / "review_queue.csv"
