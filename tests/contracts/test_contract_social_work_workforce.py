"""The workforce return's contract says what the DfE's schema says."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from ingest.contract import load_contracts

CONTRACTS = load_contracts()
DATA = Path(__file__).parents[1] / "data" / "workforce"
KEY, XS = "council/social_work_workforce", "{http://www.w3.org/2001/XMLSchema}"
SCHEMA = etree.parse(DATA / "social_work_workforce_2022.xsd").getroot()


def elements(kind: str) -> dict[str, str]:
    """Element -> type, of a complex type of the schema."""
    found = next(t for t in SCHEMA.findall(f"{XS}complexType") if t.get("name") == kind)
    return {str(e.get("name")): str(e.get("type")) for e in found.iter(f"{XS}element")}


@pytest.mark.parametrize(("table", "kind"), [("vacancies", "vacancytype"), ("workers", "workertype")])
def test_every_element_of_the_schema_has_a_field_and_no_other(table: str, kind: str) -> None:
    assert {f.headers[0] for f in CONTRACTS[KEY].by_table[table].fields} == set(elements(kind))


def test_the_code_lists_are_the_schemas_enumerations() -> None:
    types = elements("workertype")
    compared = 0
    for field in CONTRACTS[KEY].by_table["workers"].fields:
        if field.codelist:
            kind = next(
                t for t in SCHEMA.findall(f"{XS}simpleType") if t.get("name") == types[field.headers[0]]
            )
            assert {e.get("value") for e in kind.iter(f"{XS}enumeration")} == set(
                CONTRACTS.codelists[field.codelist].by_code
            )
            compared += 1
    assert compared == 7
