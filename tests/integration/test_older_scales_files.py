"""Scales that changed their names: a file of the last year that may use the old ones, and a file of the year after."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from ingest import landing, readers
from ingest.calendar import period_of
from ingest.contract import load_contracts
from ingest.judge import judge
from ingest.projections.synthetic import maker, write_delivery

CONTRACTS = load_contracts()

SCALES = [
    ("police/domestic_abuse", "children", "risk_grade", "SILVER", "MEDIUM", 2023),
    ("police/dash_marac", "dash_assessments", "risk_grade", "GOLD", "HIGH", 2023),
    ("police/protection_notices", "notices", "risk", "AMBER", "MEDIUM", 2023),
    ("health/emergency_department", "attendances", "injury_intent", "40", "SELF_HARM", 2020),
    ("police/child_crime", "victims", "outcome", "22", "22", 2018),  # the other way round: new from 2019
]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("key", "table", "field", "code", "stored", "last"), SCALES)
def test_the_old_name_is_stored_as_the_new_one_and_noted_outside_its_years(
    key: str, table: str, field: str, code: str, stored: str, last: int, after: bool, tmp_path: Path
) -> None:
    extract = CONTRACTS[key]
    period = period_of(extract.delivery.cadence, dt.date(last + after, 10, 10))
    made = maker(extract, period=period)
    tables = {t.name: made.table(t, 3) for t in made.extract.tables}
    tables[table][0][field] = code
    folder = tmp_path / key / made.submitter.name / "one"
    write_delivery(made.extract, tables, folder, period, made.submitter)
    (delivery,) = [d for d in landing.discover(tmp_path, CONTRACTS) if d.key == key]
    read = readers.read(delivery, extract, CONTRACTS)
    with judge(made.extract, CONTRACTS.codelists, read, period, made.submitter) as judged:
        noted = {
            r.rule.id: r.failed for r in judged.results(table) if r.rule.id.endswith(f"{field}.codelist_year")
        }
        first = judged.accepted(table).slice(0, 1).column(field).to_pylist()
    new = code == stored
    assert noted == {f"{extract.extract}.{table}.{field}.codelist_year": int(after != new)}
    assert first == [stored]
