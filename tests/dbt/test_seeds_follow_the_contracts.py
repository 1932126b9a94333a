"""Seeds written by hand repeat nothing that the contracts do not say."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from ingest.contract import load_contracts
from tests.support.lake_fixture import PROJECT


def seed(name: str) -> list[dict[str, str]]:
    with Path(PROJECT / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_submitters_are_those_of_the_agencies_file() -> None:
    wanted = [
        {"submitter": s.name, "submitter_title": s.title, "agency": a.agency, "area_code": s.area_code or "",
         "la_code": s.la_code or ""}
        for a in load_contracts().agencies.values()
        for s in a.submitters
    ]  # fmt: skip
    assert seed("submitter") == wanted


def test_areas_of_submitters_are_known_areas() -> None:
    codes = {row["area_code"]: row["la_code"] for row in seed("area")}
    for agency in load_contracts().agencies.values():
        for submitter in agency.submitters:
            if submitter.area_code:
                assert codes[submitter.area_code] == submitter.la_code


@pytest.mark.parametrize("column", ["question"])
def test_standards_are_the_questions_of_the_return(column: str) -> None:
    table = load_contracts()["school/safeguarding_return"].by_table["responses"]
    questions = [f for f in table.fields if f.codelist == "standard_answer"]
    rows = {row[column]: row for row in seed("safeguarding_standard")}
    assert list(rows) == [f.name for f in questions]
    for question in questions:
        row = rows[question.name]
        assert question.headers[0] == f"{row['standard_number']} {row['standard_title']}"
        assert row["standard_number"].startswith(f"{row['part']}.")


def test_a_succession_speaks_of_known_organisations_and_agrees_with_the_years_of_the_hubs_codes() -> None:
    contracts = load_contracts()
    coded = {c.code for name in ("partner_agency", "hub") for c in contracts.codelists[name].codes}
    known = coded | {row["org_code"] for row in seed("organisation")}
    assert coded.isdisjoint(row["org_code"] for row in seed("organisation")), "stated twice"
    hubs = contracts.codelists["hub"].by_code
    for row in seed("organisation_succession"):
        assert {row["predecessor_code"], row["successor_code"]} <= known
        assert row["source"]
        if row["predecessor_code"] in hubs:
            assert hubs[row["predecessor_code"]].to_year == int(row["changed_to"][:4])
            assert hubs[row["successor_code"]].from_year == int(row["changed_from"][:4])
