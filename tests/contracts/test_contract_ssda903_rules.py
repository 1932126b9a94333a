"""Every rule of the DfE's catalogue for the SSDA903 return 2024/25 is judged, said by a derived rule, or excused with its reason."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from ingest.contract import RuleKind, derived_rules, load_contracts

#: Codes only, from `903_2024_25_rule_info.csv` of data-to-insight/csc-validator-be-903 (MIT); see SOURCE.md beside it.
CATALOGUE = Path(__file__).parents[1] / "data" / "ssda903" / "rule_codes.csv"
EXTRACT = load_contracts()["council/ssda903"]


def catalogue() -> list[str]:
    with CATALOGUE.open(encoding="utf-8", newline="") as handle:
        return [row["code"] for row in csv.DictReader(handle)]


def judged() -> set[str]:
    kinds = (RuleKind.expression, RuleKind.history)
    return {r.id.removeprefix("903-") for t in EXTRACT.tables for r in t.rules if r.kind in kinds}


def test_every_rule_has_one_answer() -> None:
    excused = [e.id for e in EXTRACT.not_implemented]
    answers = [*judged(), *EXTRACT.aliases, *excused]
    assert len(catalogue()) == 312
    assert sorted(answers) == sorted(catalogue())  # each once, and nothing invented


def test_nearly_all_are_judged() -> None:
    assert len(catalogue()) - len(EXTRACT.not_implemented) >= 300


@pytest.mark.parametrize("excuse", EXTRACT.not_implemented, ids=lambda e: e.id)
def test_an_excuse_says_why(excuse: object) -> None:
    assert len(getattr(excuse, "why")) > 20  # noqa: B009


def test_an_analyst_reads_the_number_that_the_dfe_uses() -> None:
    episodes = EXTRACT.by_table["episodes"]
    says = {r.id: r.says for r in derived_rules(EXTRACT, episodes)}
    assert says["ssda903.episodes.legal_status.codelist"].endswith("(DfE rule 144).")
    for table in EXTRACT.tables:
        for rule in table.rules:
            if rule.id.startswith("903-"):
                assert rule.source == f"DfE SSDA903 rule {rule.id.removeprefix('903-')}"
