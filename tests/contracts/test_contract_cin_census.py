"""The CIN census contract of each year says what the DfE's XML schema of that year says: elements and codes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import etree

from ingest.contract import Contracts, Extract, load_contracts

XSDS = Path(__file__).parents[1] / "data" / "cin_census"
XS = "{http://www.w3.org/2001/XMLSchema}"
YEARS = range(2021, 2027)

#: In the schemas of every year, but retired by the guide from 2024/25 (queries 8945Q and 8950Q): a code of another year.
RETIRED_BY_THE_GUIDE = {("assessment_factor", code, year) for code in ("18A", "19A") for year in (2025, 2026)}

#: Elements that no schema we hold describes: the 2026 module and nothing else.
NOT_IN_ANY_SCHEMA = {2026: "Children/Child/CINdetails/PreProceedings/"}


@dataclass(frozen=True)
class Leaf:
    path: str
    codes: frozenset[str]
    required: bool


@pytest.fixture(scope="module")
def contracts() -> Contracts:
    return load_contracts()


def leaves(year: int) -> dict[str, Leaf]:
    """Every leaf element below Children in the year's schema, with its enumeration."""
    root = etree.parse(XSDS / f"CIN_schema_{year}.xsd").getroot()
    named = {t.get("name"): t for kind in ("complexType", "simpleType") for t in root.findall(f"{XS}{kind}")}
    found: dict[str, Leaf] = {}

    def walk(element: etree._Element, above: str) -> None:
        path = f"{above}/{element.get('name')}".strip("/")
        kind = named.get(element.get("type"))
        inner = element if kind is None else kind
        children = [c for c in inner.iter(f"{XS}element") if c is not element]
        nested = [
            c
            for c in children
            if next(
                a
                for a in c.iterancestors()
                if a.tag in (f"{XS}element", f"{XS}complexType")
                and (a is inner or a is element or a.tag == f"{XS}element")
            )
            in (inner, element)
        ]
        if nested:
            for child in nested:
                walk(child, path)
            return
        codes = frozenset(e.get("value") for e in inner.iter(f"{XS}enumeration"))
        found[path] = Leaf(path, codes, element.get("minOccurs") == "1")

    message = named["messagetype"]
    walk(next(e for e in message.iter(f"{XS}element") if e.get("name") == "Children"), "")
    return found


def layout(extract: Extract) -> dict[str, tuple[str, str | None]]:
    """Element path -> (field, code list) of a year's layout."""
    out: dict[str, tuple[str, str | None]] = {}
    for table in extract.tables:
        for field in table.fields:
            for header in field.headers:
                path = table.source.element if header == "." else f"{table.source.element}/{header}"
                out[path] = (f"{table.name}.{field.name}", field.codelist)
    return out


@pytest.mark.parametrize("year", YEARS)
def test_every_element_of_the_years_schema_is_a_field(contracts: Contracts, year: int) -> None:
    schema, ours = leaves(year), layout(contracts["council/cin_census"].at(year))
    assert len(schema) > 25
    assert set(schema) - set(ours) == set()


@pytest.mark.parametrize("year", YEARS)
def test_the_contract_invents_no_element(contracts: Contracts, year: int) -> None:
    every_year = {path for y in YEARS for path in leaves(y)}
    ours = set(layout(contracts["council/cin_census"].at(year)))
    invented = {p for p in ours - every_year if not p.startswith(NOT_IN_ANY_SCHEMA.get(year, "\0"))}
    assert invented == set()


@pytest.mark.parametrize("year", YEARS)
def test_codes_in_force_are_the_schemas_codes(contracts: Contracts, year: int) -> None:
    ours = layout(contracts["council/cin_census"].at(year))
    checked = 0
    for path, leaf in leaves(year).items():
        name = ours[path][1]
        if name is None or not leaf.codes:
            continue
        in_force = {c.code for c in contracts.codelists[name].codes if c.in_force(year)}
        excepted = {code for listed, code, of in RETIRED_BY_THE_GUIDE if listed == name and of == year}
        assert in_force == leaf.codes - excepted, f"{name} in {year}"
        checked += 1
    assert checked >= 9


@pytest.mark.parametrize("year", YEARS)
def test_what_the_schema_requires_is_required(contracts: Contracts, year: int) -> None:
    extract = contracts["council/cin_census"].at(year)
    paths = {path: leaf for path, leaf in leaves(year).items() if leaf.required}
    fields = {f"{t.name}.{f.name}": f for t in extract.tables for f in t.fields}
    ours = layout(extract)
    loose = {path for path in paths if not fields[ours[path][0]].required}
    # A source that nobody wrote down is a fault of the return, not of the referral: the row is kept.
    assert loose <= {"Children/Child/CINdetails/ReferralSource"}
