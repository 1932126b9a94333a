"""The published figures in the repository: whole, attributed, small, and the ones that the reports quote."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import pytest

from ingest.calendar import parse_period
from ingest.contract import load_contracts
from ingest.reference import PUBLISHED
from ingest.reference.cut import (
    CUTS,
    ENGLAND,
    NEIGHBOURS,
    POPULATION,
    comparison_authorities,
    comparison_codes,
)

CONTRACTS = load_contracts()
FILES = sorted(PUBLISHED.rglob("*.csv"))


def rows(name: str) -> list[dict[str, str]]:
    (path,) = PUBLISHED.rglob(name)
    declared = CONTRACTS[f"published/{path.parents[2].name}"].delivery.encoding
    with path.open(encoding="utf-8-sig" if declared == "utf-8" else declared, newline="") as handle:
        return list(csv.DictReader(handle))


def test_every_published_extract_is_there_with_its_source_and_licence() -> None:
    assert {f"published/{c.extract}" for c in CUTS} == {k for k in CONTRACTS if k.startswith("published/")}
    for cut in CUTS:
        assert cut.submitter in CONTRACTS[f"published/{cut.extract}"].submitters
        parse_period("vintage", cut.vintage)
        source = (PUBLISHED / cut.extract / "SOURCE.md").read_text(encoding="utf-8")
        assert "Open Government Licence v3.0" in source
        assert cut.publisher in source
        assert all(name in source for name in cut.files)
    assert {p.name for p in FILES} == {name for cut in CUTS for name in cut.files}


def test_the_cut_is_small() -> None:
    # The links between schools name no authority, so they are whole: 2.4 MB.
    assert (
        sum(p.stat().st_size for p in PUBLISHED.rglob("*") if p.is_file() and "gias_links" not in p.parts)
        < 1_500_000
    )


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_a_file_is_as_its_manifest_says_and_its_headings_are_the_contracts(path: Path) -> None:
    manifest = json.loads((path.parent / "_manifest.json").read_text())
    assert manifest["files"][path.name]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    found = rows(path.name)
    assert manifest["files"][path.name]["rows"] == len(found)
    extract = CONTRACTS[f"published/{path.parents[2].name}"]
    (table,) = [t for t in extract.tables if path.match(str(t.source.file))]
    assert list(found[0]) == [f.headers[0] for f in table.fields]


def test_the_areas_are_england_the_region_and_the_authorities_compared() -> None:
    (neighbours,) = PUBLISHED.rglob(NEIGHBOURS)
    wanted = comparison_authorities(neighbours)
    assert len(wanted) == 22  # two councils and two times ten neighbours, none shared
    checked = 0
    for path in FILES:
        found = rows(path.name)
        if "geographic_level" not in found[0]:
            continue
        checked += 1
        levels = {r["geographic_level"] for r in found}
        assert "National" in levels
        if "old_la_code" not in found[0]:
            assert levels == {"National"}, path.name
            continue
        assert {r["old_la_code"] for r in found if r["geographic_level"] == "Local authority"} == wanted
        assert {r["region_name"] for r in found if r["geographic_level"] == "Regional"} == {"West Midlands"}
    assert checked >= 15


def test_the_health_file_has_the_same_authorities() -> None:
    (population,) = PUBLISHED.rglob(POPULATION)
    (neighbours,) = PUBLISHED.rglob(NEIGHBOURS)
    codes = comparison_codes(population, comparison_authorities(neighbours))
    found = rows("la_hospital_admissions_2324.csv")
    areas = {r["Area Code"] for r in found}
    assert areas <= codes | {ENGLAND} and {ENGLAND, "E10000028", "E06000021"} <= areas
    assert len(areas) == 23  # England and one code for each authority
    assert {r["Category Type"] for r in found} == {""}


def test_the_figures_that_the_reports_quote() -> None:
    population = {
        r["new_la_code"]: int(r["population_estimate"])
        for r in rows("ons_mid-year_population_estimates_2012_to_2024.csv")
        if r["time_period"] == "2024"
    }
    assert (population["E10000028"], population["E06000021"], population[""]) in {
        (174_804, 62_520, n) for n in population.values()
    }
    referrals = {
        r["new_la_code"]: int(r["referral_count"])
        for r in rows("c1_children_in_need_referrals_and_rereferrals_2013_to_2025.csv")
        if r["time_period"] == "2025" and r["new_la_code"]
    }
    assert round(referrals["E10000028"] / population["E10000028"] * 10_000, 1) == 293.9
    assert round(referrals["E06000021"] / population["E06000021"] * 10_000, 1) == 619.6


def test_suppression_symbols_are_kept_as_published() -> None:
    symbols = {
        cell
        for path in FILES
        for row in rows(path.name)
        for cell in row.values()
        if cell in {"c", "x", "z", "k", "low", "u"}
    }
    assert {"c", "z"} <= symbols
