"""FEBRL's people in our layout: records that nobody here made, with the truth in their names.

given_name, surname and date_of_birth are ours; postcode (four digits) is the postcode; soc_sec_id, the country's number of seven
digits, stands where the NHS number does and gets the two leading digits and the check digit that an NHS number has (a number
that would have none moves to the next prefix that gives one). Street, suburb and state have no place in our layout and are left
out, and nobody's sex is known. Nothing is cleaned.
"""

from __future__ import annotations

import datetime as dt
from itertools import combinations
from pathlib import Path

import pandas as pd
import pyarrow as pa

from ingest.identity import records, scored
from ingest.identity.linkage import Linked, link_people
from ingest.identity.store import SCHEMA
from tests.support.people_rows import KEY

FOLDER = Path(__file__).parents[1] / "data" / "febrl"
Pairs = set[tuple[str, str]]


def load(*names: str) -> tuple[pa.Table, pa.Table, Pairs]:
    """(identities, submissions, true pairs) of one or more files; each file is a sender of its own, and so is an agency."""
    frames = [
        pd.read_csv(FOLDER / f"{name}.csv", skipinitialspace=True, dtype=str, index_col="rec_id")
        for name in names
    ]
    columns = ["submission_id", *records.COLUMNS]
    schema = pa.schema([pa.field("submission_id", pa.string()), *(SCHEMA.field(c) for c in records.COLUMNS)])
    parts = []
    for number, frame in enumerate(frames, start=1):
        born = pd.to_datetime(frame["date_of_birth"], format="%Y%m%d", errors="coerce")
        made = pd.DataFrame(
            {
                "submission_id": f"s{number}", "child_token": frame.index, "submitter": names[number - 1], "agency": names[number - 1],
                "local_id": frame.index, "nhs_number": [_number(n) for n in frame["soc_sec_id"]], "birth_date": born.dt.date,
                "forename": frame["given_name"], "surname": frame["surname"], "postcode": frame["postcode"],
            },
            index=frame.index,
        )  # fmt: skip
        made = made.reindex(columns=columns).astype(object)
        parts.append(
            pa.Table.from_pandas(made.where(made.notna(), None), schema=schema, preserve_index=False)
        )
    year = pa.array([dt.date(2024, 1, 1)] * len(frames), pa.date32())
    submissions = pa.table(
        {
            "submission_id": [f"s{n}" for n in range(1, len(frames) + 1)],
            "period_start": year,
            "period_end": year,
            "received_at": pa.array([dt.datetime(2024, 1, 2, 9)] * len(frames), pa.timestamp("us")),
        }
    )
    people = pd.Series([i for f in frames for i in f.index])
    groups = people.groupby(people.str.extract(r"rec-(\d+)-", expand=False))
    true = {pair for _, members in groups for pair in combinations(sorted(members), 2)}
    return pa.concat_tables(parts), submissions, true


def link(identities: pa.Table, submissions: pa.Table) -> Linked:
    """Train on these records, without their labels, and link them with the thresholds and rules that everybody gets."""
    with records.connection() as con:
        records.prepare(con, identities, submissions)
        model = scored.train(con, "FEBRL")
    return link_people(identities, submissions, KEY, model)


def figures(linked: Linked, true: Pairs) -> dict[str, float]:
    """Pairs true, linked and correct, precision, recall and F1."""
    people = linked.persons.person_map.to_pandas().groupby("person_key")["child_token"]
    found = {pair for _, members in people for pair in combinations(sorted(members), 2)}
    correct = len(found & true)
    precision, recall = correct / len(found), correct / len(true)
    return {
        "true": len(true), "linked": len(found), "correct": correct, "precision": precision, "recall": recall,
        "f1": 2 * precision * recall / (precision + recall),
    }  # fmt: skip


def _number(seven: object) -> str | None:
    if not isinstance(seven, str):
        return None
    for prefix in range(99, 90, -1):
        nine = f"{prefix}{int(seven):07d}"
        check = (11 - sum((10 - i) * int(d) for i, d in enumerate(nine)) % 11) % 11
        if check != 10:
            return f"{nine}{check}"
    return None
