"""Every layout that a contract has had or will have compiles: its reading, rules and views are SQL that the engine takes."""

from __future__ import annotations

import pytest

from ingest.calendar import parse_period
from ingest.contract import Extract, load_contracts
from ingest.judge import judge
from ingest.projections.synthetic import maker
from ingest.readers.base import ReadResult

CONTRACTS = load_contracts()
QUARTER = parse_period("quarter", "2025-26-Q1")
YEARS = range(2022, 2028)


def other_layouts() -> dict[str, Extract]:
    """Layouts of other years than the one in which each contract's synthetic delivery is judged, with rows in it
    (tests/integration/test_synthetic_deliveries.py). Most contracts have had one layout only."""
    out: dict[str, Extract] = {}
    for key in CONTRACTS:
        judged = [maker(CONTRACTS[key]).extract]
        for year in YEARS:
            layout = CONTRACTS[key].at(year)
            if layout not in judged:
                judged.append(layout)
                out[f"{key} {year}"] = layout
    return out


OTHERS = other_layouts()


def test_layouts_change_with_the_years() -> None:
    """The census lost and gained rules, the looked-after return tables: or the test below would look at nothing."""
    assert {name.split()[0] for name in OTHERS} >= {"council/cin_census", "council/ssda903"}


@pytest.mark.parametrize("name", OTHERS)
def test_every_contract_compiles_in_every_year(name: str) -> None:
    layout = OTHERS[name]
    who = CONTRACTS.submitter(layout.submitters[0])
    with judge(layout, CONTRACTS.codelists, ReadResult({}), QUARTER, who) as judged:
        assert list(judged.tables) and all(judged.results(t.name) for t in layout.tables)
