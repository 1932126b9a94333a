"""Review: pairs that linkage leaves to people, and what a person is shown of one.

Lives here: the queue as a file, showing one case.
Add here: another thing that a reviewer needs to decide, and no more than that.
Must not live here: the decision itself (decisions.py), which pairs are left to people (outcomes.py).

The queue is a CSV in the room with pseudonyms, agencies, the reason and how each attribute compares: no identifier. A case on the
screen shows the values of what differs, and of what agrees only that it agrees: nobody needs to read a name twice to see that it
is the same.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.csv

from ingest import registry
from ingest.identity import decisions
from ingest.identity.compare import COMPARISONS
from ingest.identity.store import IdentityStore
from ingest.lake import Home

_LEVELS = ", ".join(
    f"[{', '.join(repr(v) for v in (*c.values[:-1], 'unknown'))}][case p.gamma_{c.name} when -1 then {len(c.values)} else p.gamma_{c.name} + 1 end] as {c.name}"
    for c in COMPARISONS
)
#: Pairs for review of two tokens that are not one person already, not decided, the likeliest first; one row a pair.
QUEUE = f"""
    select
        substr(sha256(least(x.token, y.token) || '|' || greatest(x.token, y.token)), 1, 10) as "case",
        least(x.token, y.token) as token_a, greatest(x.token, y.token) as token_b,
        case when x.token < y.token then x.agency else y.agency end as agency_a,
        case when x.token < y.token then y.agency else x.agency end as agency_b,
        p.step, p.reason, round(p.weight, 1) as weight, {_LEVELS}
    from (
        from pair where outcome = 'review'
        qualify row_number() over (partition by a, b order by strength desc, step) = 1
    ) p
    join token x on p.a = x.node join token y on p.b = y.node
    join clusters cx on p.a = cx.node join clusters cy on p.b = cy.node
    anti join decided_pair d on p.a = d.a and p.b = d.b
    where cx.label <> cy.label
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
    """The queue as a file that only its owner can read."""
    path = home.identity / "review_queue.csv"
    partial = path.with_suffix(".partial")
    pyarrow.csv.write_csv(queue, partial)
    partial.chmod(0o600)
    partial.replace(path)


def queue(home: Home) -> pa.Table:
    """The cases that wait, less those that have been decided since the last run."""
    path = home.identity / "review_queue.csv"
    if not path.exists():
        return pa.table({"case": pa.array([], pa.string())})
    table = pyarrow.csv.read_csv(
        path, convert_options=pyarrow.csv.ConvertOptions(column_types={"case": pa.string()})
    )
    done = {s.case for s in decisions.in_force(home)}
    return table.filter(pa.array([c not in done for c in table["case"].to_pylist()], pa.bool_()))


def show(home: Home, case: str) -> Case:
    """What the reviewer sees of a case. Raises decisions.Refused when there is no such case."""
    waiting = queue(home)
    rows = [r for r in waiting.to_pylist() if r["case"] == case]
    if not rows:
        raise decisions.Refused("No such case waits for a decision.")
    row = rows[0]
    said = _said(home, (row["token_a"], row["token_b"]))
    lines = []
    for attribute, columns in _SHOWN.items():
        level = row.get(attribute)
        a, b = (_values(said, row[t], columns) for t in ("token_a", "token_b"))
        if a or b:
            agrees = level == "same" or (level is None and a == b)
            lines.append(
                (
                    attribute,
                    level or ("same" if agrees else "differ"),
                    "" if agrees else a,
                    "" if agrees else b,
                )
            )
    return Case(
        case, row["token_a"], row["token_b"], row["agency_a"], row["agency_b"], row["reason"], tuple(lines)
    )


_SHOWN = {
    "forename": ("forename",),
    "surname": ("surname",),
    "birth": ("birth_date", "expected_birth_date"),
    "sex": ("sex",),
    "postcode": ("postcode",),
    "numbers": ("nhs_number", "upn"),
    "record": ("local_id",),
}


def _said(home: Home, tokens: tuple[str, str]) -> pa.Table:
    store = IdentityStore(home.identity)
    ids = sorted(set(registry.current(home)["submission_id"].to_pylist()) & store.ids())
    return store.read(ids, tokens=tokens)


def _values(said: pa.Table, token: str, columns: tuple[str, ...]) -> str:
    """The distinct things that were said about a token, newest spelling or not."""
    mine = [r for r in said.to_pylist() if r["child_token"] == token]
    texts = {_text(r[c]) for r in mine for c in columns if r[c] is not None}
    return " / ".join(sorted(texts))


def _text(value: object) -> str:
    return value.strftime("%d/%m/%Y") if isinstance(value, dt.date) else str(value)
