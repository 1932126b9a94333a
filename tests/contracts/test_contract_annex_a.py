"""Ofsted's lists: one contract holds every column of both layouts, and its code lists mend every spelling they say they mend."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path
from string import ascii_lowercase

import openpyxl
import pyarrow as pa
import pytest

from ingest import headers
from ingest.agreement import load_agreements
from ingest.calendar import parse_period
from ingest.contract import FieldType, Treatment, load_contracts
from ingest.judge import judge
from ingest.parse import Codes
from ingest.projections.arrow import raw_schema
from ingest.readers.base import ReadResult, TableRead, read_schema

DATA = Path(__file__).parents[1] / "data" / "annex_a"
KEY = "council/annex_a"
CONTRACTS = load_contracts()
EXTRACT = CONTRACTS[KEY]
LISTS = sorted({f.codelist for t in EXTRACT.tables for f in t.fields if f.codelist})
#: What a sender may write in front of a code, as Ofsted's layout does: `a) Male`.
LETTERED = list(product(ascii_lowercase, ").:", ["", " ", "  "]))
#: The codes of each list that stand for themselves.
PLAIN = {n: [c.code for c in CONTRACTS.codelists[n].codes if not c.maps_to] for n in LISTS}


Cells = dict[str, dict[str, str | None]]


def layout() -> dict[str, list[str]]:
    """The current layout's columns by table of the contract."""
    out: dict[str, list[str]] = defaultdict(list)
    names = {headers.key(str(t.source.sheet)): t.name for t in EXTRACT.tables}
    with (DATA / "current_layout_fields.csv").open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            out[names[headers.key(row["list"])]].append(row["field"])
    return dict(out)


def test_the_contract_has_every_column_of_the_current_layout_and_the_olders() -> None:
    older = openpyxl.load_workbook(DATA / "Annex_A_older_layout.xlsx", data_only=True)
    for table in EXTRACT.tables:
        columns = layout()[table.name]
        found = headers.layout(columns, table)
        assert not found.ignored and not found.missing, table.name
        header = next(older[str(table.source.sheet)].iter_rows(values_only=True))
        old = headers.layout([str(c) for c in header], table)
        assert not old.ignored
        assert all(table.by_name[f].optional_column for f in old.missing), table.name


def test_the_age_is_never_kept_because_it_gives_the_birth_date_away() -> None:
    for table in EXTRACT.tables:
        if table.identity:
            assert table.by_name["age"].treatment is Treatment.drop


def test_adopters_are_adults_and_nothing_of_them_is_linked() -> None:
    adopters = EXTRACT.by_table["adopters"]
    assert adopters.identity is None
    assert not {"adopter_id", "family_id", "adopter_ethnicity"} & set(raw_schema(EXTRACT, adopters).names)


def test_every_date_field_says_how_days_are_written() -> None:
    assert all(f.formats for t in EXTRACT.tables for f in t.fields if f.type is FieldType.date)


def test_nothing_is_due_by_the_calendar() -> None:
    """The lists are drawn on demand: no agreement expects one of any month."""
    flows = [a.flows[KEY] for a in load_agreements().values() if KEY in a.flows]
    assert flows and all(f.returns_from is None for f in flows)


# -- codes ------------------------------------------------------------------------------------------------------------


def spellings(name: str) -> dict[str, str | None]:
    """Every spelling that a list can mend, also in capitals -> its code."""
    known = CONTRACTS.codelists[name].stored()
    stored = {s: known[s] for s in CONTRACTS.codelists[name].fixable}
    return {**stored, **{s.upper(): code for s, code in stored.items() if s.isascii()}}


def lettered(name: str) -> dict[str, str | None]:
    """Every letter in front of every code -> the code.

    Unless the whole is itself written in the list; and `c: B` is of two codes, C and B, so it is neither.
    """
    own = Codes.of(CONTRACTS.codelists[name], 2021)
    out: dict[str, str | None] = {}
    # The list of places has 160 codes: every fifth way for each of them, every way for some.
    step = max(1, len(PLAIN[name]) // 30)
    for n, code in enumerate(PLAIN[name]):
        for letter, mark, space in LETTERED[n % step :: step]:
            either = mark == ":" and space and own.by_code.get(letter, code) != code
            cell = f"{letter}{mark}{space}{code}"
            out[cell] = own.stored.get(cell.casefold(), None if either else code)
    return out


def read_codes(cells: Mapping[str, list[str]]) -> dict[str, list[str | None]]:
    """What the engine reads of each list's cells, each in one of the extract's fields of that list; all in one judgement."""
    columns: dict[str, dict[str, list[str]]] = defaultdict(dict)
    places: dict[str, tuple[str, str]] = {}
    for name in cells:
        places[name] = next(
            (t.name, f.name) for t in EXTRACT.tables for f in t.fields if f.codelist == name and f.treatment is Treatment.keep
        )  # fmt: skip
        table, field = places[name]
        columns[table][field] = cells[name]
    reads = {t: TableRead(t, _rows(t, c)) for t, c in columns.items()}
    found: dict[tuple[str, str], dict[int, str | None]] = defaultdict(dict)
    with judge(
        EXTRACT.at(2021), CONTRACTS.codelists, ReadResult(reads), parse_period("month", "2021-03"),
        CONTRACTS.submitter("sample_authority"),
    ) as judged:  # fmt: skip
        for table, fields in columns.items():
            for part in (judged.accepted(table), judged.rejected(table)):
                for field in fields:
                    found[table, field] |= zip(part["_row"].to_pylist(), part[field].to_pylist(), strict=True)
    return {name: [found[places[name]][n] for n in range(len(some))] for name, some in cells.items()}


def _rows(table: str, columns: dict[str, list[str]]) -> pa.Table:
    """Row n has the n-th cell of each column; a shorter column is empty below."""
    schema = read_schema(EXTRACT.by_table[table])
    rows = max(map(len, columns.values()))
    filled = {f: [*cells, *[None] * (rows - len(cells))] for f, cells in columns.items()}
    numbered = {"_row": list(range(rows)), **filled}
    return pa.table([numbered.get(f.name, [None] * rows) for f in schema], schema=schema)


@pytest.fixture(scope="module")
def read() -> Cells:
    """Each list's cells as they were read. One judgement for all: it costs seconds, however few cells it has."""
    cells = {name: list(spellings(name) | lettered(name)) for name in LISTS}
    return {name: dict(zip(cells[name], found, strict=True)) for name, found in read_codes(cells).items()}


def wrong(read: Cells, wanted: Callable[[str], dict[str, str | None]]) -> Cells:
    """By list, the cells that were read as something else."""
    out = {name: {c: read[name][c] for c, code in wanted(name).items() if read[name][c] != code} for name in LISTS}  # fmt: skip
    return {name: cells for name, cells in out.items() if cells}


def test_every_spelling_that_a_list_can_mend_is_read_as_its_code(read: Cells) -> None:
    assert sum(len(spellings(name)) for name in LISTS) > 10_000
    assert wrong(read, spellings) == {}


def test_a_letter_in_front_of_a_code_is_read_past(read: Cells) -> None:
    """`a) WBRI` and `q) 6` are WBRI and 6, whatever the letter."""
    assert wrong(read, lettered) == {}


def test_codes_as_the_layout_writes_them_are_standard_and_not_a_slip() -> None:
    """A sender who writes `a) Male`, as Ofsted's layout asks, is not told to write it another way."""
    for name in LISTS:
        codelist = CONTRACTS.codelists[name]
        assert any(c.maps_to for c in codelist.codes) or name in ("annex_a_placement_la",), name
    assert "a) Male" in CONTRACTS.codelists["annex_a_gender"].by_code


def test_a_list_that_shares_codes_shares_all_of_them() -> None:
    shared = CONTRACTS.codelists["ethnicity"].codes
    assert set(shared) <= set(CONTRACTS.codelists["annex_a_ethnicity"].codes)
