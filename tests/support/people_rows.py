"""Rows of the identifier store for tests of linkage, and linking them. Every person here is invented."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pyarrow as pa

from ingest.identity.decisions import Step
from ingest.identity.keys import Key
from ingest.identity.linkage import Linked, link_people
from ingest.identity.records import COLUMNS
from ingest.identity.scored import Model, packaged
from ingest.identity.store import SCHEMA

KEY = Key("pseudonym-v1", b"k" * 32)
LETTERS = "ABCDEFGHJKLMNPQRTUVWXYZ"
Row = dict[str, object]


def upn(digits: str) -> str:
    """A valid UPN of twelve digits."""
    return LETTERS[sum(i * int(d) for i, d in enumerate(digits, start=2)) % 23] + digits


def nhs(nine: str) -> str:
    """A valid NHS number of nine digits; they must have a check digit."""
    check = (11 - sum((10 - i) * int(d) for i, d in enumerate(nine)) % 11) % 11
    assert check != 10
    return f"{nine}{check}"


def row(token: str, submitter: str = "staffordshire", submission: str = "s1", **values: object) -> Row:
    """One row: who is sent under this pseudonym. The agency is the submitter's unless given."""
    agency = {
        "staffordshire": "council",
        "stoke": "council",
        "police": "police",
        "health": "health",
        "school": "school",
    }
    return {
        "submission_id": submission,
        "child_token": token,
        "submitter": submitter,
        "agency": agency.get(submitter, submitter),
        "local_id": token,
        **values,
    }


def child(token: str, submitter: str = "staffordshire", submission: str = "s1", **values: object) -> Row:
    """A row about one and the same girl, unless something else is said."""
    known: Row = {
        "forename": "Siobhan", "surname": "Hollinshead", "birth_date": dt.date(2012, 4, 3), "sex": "F", "postcode": "ST4 1AA",
    }  # fmt: skip
    return row(token, submitter, submission, **{**known, **values})


def tables(rows: Sequence[Row]) -> tuple[pa.Table, pa.Table]:
    """(identities, submissions): s1 is of January 2024, s2 of February, and so on."""
    names = ["submission_id", *COLUMNS]
    schema = pa.schema([pa.field("submission_id", pa.string()), *(SCHEMA.field(c) for c in COLUMNS)])
    identities = pa.Table.from_pylist([{n: r.get(n) for n in names} for r in rows], schema=schema)
    ids = sorted({str(r["submission_id"]) for r in rows}, key=lambda i: int(i[1:]))
    starts = [dt.date(2024 + (int(i[1:]) - 1) // 12, (int(i[1:]) - 1) % 12 + 1, 1) for i in ids]
    ends = [(s + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1) for s in starts]
    submissions = pa.table(
        {
            "submission_id": ids,
            "period_start": pa.array(starts, pa.date32()),
            "period_end": pa.array(ends, pa.date32()),
            "received_at": pa.array([dt.datetime.combine(e, dt.time(9)) for e in ends], pa.timestamp("us")),
        }
    )
    return identities, submissions


def link(
    *rows: Row,
    decided: list[Step] | None = None,
    pinned: pa.Table | None = None,
    kept: tuple[pa.Table, pa.Table] | None = None,
    model: Model | None = None,
) -> Linked:
    """Link these rows with the packaged model."""
    return link_people(*tables(rows), KEY, model or packaged(), decided=decided, pinned=pinned, kept=kept)


def keys(linked: Linked) -> dict[str, str]:
    """Pseudonym -> person key."""
    m = linked.persons.person_map
    return dict(zip(m["child_token"].to_pylist(), m["person_key"].to_pylist(), strict=True))


def together(*rows: Row, **options: object) -> bool:
    """Whether all these rows are about one person."""
    return len(set(keys(link(*rows, **options)).values())) == 1  # type: ignore[arg-type]


def reasons(linked: Linked) -> set[str]:
    """Why pairs wait for a person."""
    return set(linked.queue["reason"].to_pylist())
