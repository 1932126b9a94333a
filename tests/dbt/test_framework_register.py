"""The register of indicators is complete, in plain English, and agrees with the models and contracts beside it.

Lives here: strict checks of every `config.meta.indicator` entry. They read files only, so they run in a second.
Add here: a check for a new key of the register.
Must not live here: checks of values (dbt unit tests) or of published figures (test_framework_comparators.py).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator

from ingest.contract import load_contracts

FRAMEWORK = Path(__file__).parents[2] / "dbt_project" / "models" / "framework"
RECORDS = sorted((FRAMEWORK / "records").glob("*/ind_*.sql"))
PROMISED = {  # what the first release promises; more may be added without a change here
    "AS01", "CC07", "CP01", "CP02", "CP03", "CP05", "CP07", "CP08", "CP09A", "CP09B", "DQ01", "DQ02", "DQ05", "DQ06", "ED01", "ED02",
    "ED03", "EX04A", "EX04B", "EX05", "EX07A", "EX07B", "EX08", "EX09", "FD07", "FD08", "FD09", "WF01", "WF09", "WF10",
}  # fmt: skip
Period = Literal["month", "quarter", "financial_year", "rolling_12_months", "academic_year"]
Breakdown = Literal["total", "age_band", "sex", "ethnicity", "agency", "mode"]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Benchmark(Strict):
    source_table: str
    measure: list[str] = Field(min_length=1)
    percent_of: list[str] | Literal["population"] | None
    breakdown: str = "total"


class Entry(Strict):
    """One register entry: every key must be there, and no other."""

    id: str = Field(pattern=r"^[A-Z]{2}\d{2}[A-Z]?$")
    name: str = Field(max_length=60)
    plain: str
    polarity: Literal["+", "-", "o"]
    unit: Literal["per_10000", "percent", "count", "share"]
    kind: Literal["flow", "stock"]
    count_of: Literal["records", "persons", "weights"]
    denominator: Literal["records", "population"]
    numerator_words: str
    denominator_words: str
    period_types: list[Period] = Field(min_length=1)
    breakdowns: list[Breakdown] = Field(min_length=1)
    part_breakdowns: list[Breakdown]
    theme: str
    owner: str
    sub_group: str
    sources: list[str] = Field(min_length=1)
    reach: Literal["sources", "received"]
    looks_back_months: int = Field(ge=0, le=60)
    definition_source: str
    definition_version: str = Field(pattern=r"^\d+\.\d+$")
    benchmark: Benchmark | None
    traps: list[str] = Field(min_length=1)

    @field_validator(
        "name", "plain", "numerator_words", "denominator_words", "owner", "sub_group", "definition_source"
    )
    @classmethod
    def _said(cls, value: str) -> str:
        assert value.strip() == value and value, "says nothing"
        return value

    @field_validator("plain")
    @classmethod
    def _plain(cls, value: str) -> str:
        assert len(value.split()) <= 25, f"{len(value.split())} words; 25 at most"
        assert value.endswith("."), "is not a sentence"
        return value


def entry_of(model: Path) -> dict[str, Any]:
    """The raw register entry beside a model. Fails when the yml, or the entry, is missing."""
    described = yaml.safe_load(model.with_suffix(".yml").read_text(encoding="utf-8"))["models"]
    assert [m["name"] for m in described] == [model.stem]
    return described[0]["config"]["meta"]["indicator"]


@pytest.mark.parametrize("model", RECORDS, ids=lambda p: p.stem)
def test_entry_is_complete_and_agrees_with_its_model(model: Path) -> None:
    entry = Entry.model_validate(entry_of(model))
    assert model.stem == f"ind_{entry.id.lower()}"
    assert model.parent.name == entry.theme
    assert re.search(rf"indicator_record\(\s*'{entry.id}',", model.read_text(encoding="utf-8")), (
        "the SQL has another id"
    )
    assert entry.breakdowns[0] == "total"
    assert set(entry.part_breakdowns) <= set(entry.breakdowns)
    assert (entry.unit == "per_10000") == (entry.denominator == "population")


@pytest.mark.parametrize("model", RECORDS, ids=lambda p: p.stem)
def test_sources_and_benchmark_are_in_the_contracts(model: Path) -> None:
    entry = Entry.model_validate(entry_of(model))
    contracts = load_contracts()
    if entry.sources != ["*"]:
        assert set(entry.sources) <= set(contracts)
    if entry.benchmark is not None:
        agency, extract, table = entry.benchmark.source_table.split("/")
        fields = contracts[f"{agency}/{extract}"].by_table[table].by_name
        below = entry.benchmark.percent_of if isinstance(entry.benchmark.percent_of, list) else []
        assert {*entry.benchmark.measure, *below} <= set(fields)


def test_every_promised_indicator_is_registered_and_none_twice() -> None:
    ids = [entry_of(model)["id"] for model in RECORDS]
    assert set(ids) >= PROMISED
    assert len(ids) == len(set(ids))


def test_every_record_model_is_in_the_union() -> None:
    union = (FRAMEWORK / "records" / "fct_indicator_record.sql").read_text(encoding="utf-8")
    assert re.findall(r"ref\('(\w+)'\)", union) == sorted(model.stem for model in RECORDS)


def test_values_have_no_sql_of_any_one_indicator() -> None:
    ids = "|".join(entry_of(model)["id"] for model in RECORDS)
    for model in (FRAMEWORK / "values").glob("*.sql"):
        assert not re.search(rf"\b({ids})\b", model.read_text(encoding="utf-8")), model.name
