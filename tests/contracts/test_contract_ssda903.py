"""The SSDA903 contract says what the DfE's layouts say: fields, dated codes, and the elements of the XML form."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import pytest
from lxml import etree

from ingest.contract import FieldType, load_contracts

DATA = Path(__file__).parents[1] / "data" / "ssda903"
XS = "{http://www.w3.org/2001/XMLSchema}"
CONTRACTS = load_contracts()
EXTRACT = CONTRACTS["council/ssda903"]
YEARS = range(2017, 2027)
TABLE = {"social_worker": "sw_episodes"}
#: The layouts write these two-valued fields as codes 0 and 1; here they are yes or no.
YES_NO = {"0", "1"}


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / "layouts" / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def field_of(table: str, header: str):
    found = [f for f in EXTRACT.by_table[TABLE.get(table, table)].fields if f.headers[0] == header]
    assert len(found) == 1, (table, header)
    return found[0]


@pytest.mark.parametrize("year", YEARS)
def test_every_field_of_the_years_layout_is_a_field(year: int) -> None:
    layout = EXTRACT.at(year)
    checked = 0
    for row in rows("ssda903_fields.csv"):
        if int(row["first_return_year"]) > year:
            assert TABLE.get(row["table"], row["table"]) not in layout.by_table
            continue
        table = layout.by_table[TABLE.get(row["table"], row["table"])]
        assert [f for f in table.fields if f.headers[0] == row["field"]], row
        checked += 1
    assert checked >= 60


def test_kinds_of_fields_are_the_layouts() -> None:
    for row in rows("ssda903_fields.csv"):
        field = field_of(row["table"], row["field"])
        kinds = {
            "date": {FieldType.date},
            "numeric": {FieldType.integer},
            "category": {FieldType.code, FieldType.boolean},
            "string": {FieldType.string},
        }[row["kind"]]
        # DATE_PERM may be written zz/06/2014, which no date can hold.
        assert field.type in kinds or row["field"] == "DATE_PERM", row


@pytest.mark.parametrize("year", YEARS)
def test_codes_in_force_are_the_layouts_codes(year: int) -> None:
    listed: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows("ssda903_codes.csv"):
        first, last = int(row["first_return_year"]), int(row["last_return_year"] or 9999)
        if first <= year <= last:
            listed[row["table"], row["field"]].add(row["code"])
    assert len(listed) > 20
    for (table, header), codes in listed.items():
        field = field_of(table, header)
        if field.type is FieldType.boolean:
            assert codes == YES_NO, (table, header)
            continue
        ours = {c.code for c in CONTRACTS.codelists[str(field.codelist)].codes if c.in_force(year)}
        # The list of the sexes is shared with the census, which had 0 and 9 besides until 2024.
        extra = {"0", "9"} if header == "SEX" and year < 2025 else set()
        assert ours - extra == codes, (table, header, year)


def test_every_table_is_of_one_child_and_no_postcode_is_stored() -> None:
    for table in EXTRACT.tables:
        assert table.identity is not None and table.identity.local_id == "la_child_id"
        assert not [f.name for f in table.fields if "postcode" in f.name and f.stored]


def test_every_element_of_the_xml_form_is_read_and_none_is_invented() -> None:
    form = EXTRACT.as_sent(".xml")
    root = etree.parse(DATA / "CLA.xsd").getroot()
    schema: set[str] = set()
    for element in root.iter(f"{XS}element"):
        if not list(element.iter(f"{XS}element"))[1:]:
            names = [str(a.get("name")) for a in element.iterancestors(f"{XS}element")]
            schema.add("/".join([*reversed(names), str(element.get("name"))]).removeprefix("EXPSSDA903/"))
    assert len(schema) > 50
    read: set[str] = set()
    for table in form.tables:
        if table.source.element:
            read |= {f"{table.source.element}/{path}" for path in table.source.when}
            read |= {
                f"CHILD{h}" if h.startswith("/") else f"{table.source.element}/{h}"
                for f in table.fields
                for h in f.headers
            }
    assert schema - read == set()
    # What later years add to the flat files has its obvious place; PLACE is what some exports write for PL.
    later = {"UPN_UNKNOWN", "PL_LA", "PL_LOCATION", "PL_DISTANCE", "PLACE"}
    assert {path.rpartition("/")[2] for path in read - schema} == later


def test_what_a_table_takes_from_the_child_is_read_there() -> None:
    form = EXTRACT.as_sent(".xml")
    of_child = {h for f in form.by_table["header"].fields for h in f.headers}
    taken = {h[1:] for t in form.tables for f in t.fields for h in f.headers if h.startswith("/")}
    assert taken and taken <= of_child
