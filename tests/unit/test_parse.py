"""How a cell is read: tolerant where it is safe, never guessing."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.parse import SPACE, trimmed
from tests.support.judging import failures, judged, row
from tests.support.judging_rows import Rows

D, T = dt.date, dt.datetime


CASES: list[tuple[str, str, Any, set[str]]] = [
    ("born_on", "02/01/2015", D(2015, 1, 2), set()),
    ("born_on", "2/1/2015", D(2015, 1, 2), set()),
    ("born_on", "  02/01/2015\u00a0", D(2015, 1, 2), set()),
    ("born_on", "2015-01-02", D(2015, 1, 2), {"born_on.mended"}),
    ("born_on", "2015-01-02T00:00:00", D(2015, 1, 2), {"born_on.mended"}),
    ("born_on", "02/01/2015 00:00", D(2015, 1, 2), {"born_on.mended"}),
    ("born_on", "20150102", D(2015, 1, 2), {"born_on.mended"}),
    ("born_on", "42006", D(2015, 1, 2), {"born_on.mended"}),
    ("born_on", "42006.0", D(2015, 1, 2), {"born_on.mended"}),
    ("born_on", "1", D(1900, 1, 1), {"born_on.mended", "R-STAND-IN"}),
    ("born_on", "60", None, {"born_on.readable"}),  # the 29 February 1900 that never was
    ("born_on", "2015", None, {"born_on.readable"}),  # a year, not a day of 1905
    ("born_on", "80001", None, {"born_on.readable"}),
    ("born_on", "01/27/2015", None, {"born_on.readable"}),  # day and month are never swapped
    ("born_on", "02/01/15", None, {"born_on.readable"}),  # a century is never filled in
    ("born_on", "31/02/2015", None, {"born_on.readable"}),
    ("born_on", "TBC", None, {"born_on.mended"}),
    ("seen_at", "03/04/2025 10:30", T(2025, 4, 3, 10, 30), set()),
    ("seen_at", "2025-04-03T10:30:00", T(2025, 4, 3, 10, 30), {"seen_at.mended"}),
    ("seen_at", "45750.4375", T(2025, 4, 3, 10, 30), {"seen_at.mended"}),
    ("seen_at", "2025-04-03T10:30:00Z", None, {"seen_at.readable"}),  # a time zone is never assumed
    ("seen_at", "03/04/2025", None, {"seen_at.readable"}),  # a time of day is never invented
    ("times", "3", 3, set()),
    ("times", "003", 3, set()),
    ("times", "3.0", 3, {"times.mended"}),
    ("times", "3.5", None, {"times.readable"}),
    ("times", "three", None, {"times.readable"}),
    ("score", "1.5", 1.5, set()),
    ("score", "inf", None, {"score.readable"}),
    ("score", "NaN", None, {"score.mended"}),
    ("score", "0x1F", None, {"score.readable"}),
    ("is_open", "Yes", True, set()),
    ("is_open", "1.0", True, {"is_open.mended"}),
    ("is_open", "perhaps", None, {"is_open.readable"}),
    ("need", "N1", "N1", set()),
    ("need", "n1", "N1", {"need.codelist_spelling"}),
    ("need", "Abuse", "N1", {"need.codelist_spelling"}),
    ("need", "N1 - Abuse or neglect", "N1", {"need.codelist_spelling"}),
    ("need", "N1: Abuse", "N1", {"need.codelist_spelling"}),
    ("need", "a) N1", "N1", {"need.codelist_spelling"}),
    ("need", "OLD", "N1", {"need.codelist_year"}),
    ("need", "NEW", "NEW", {"need.codelist_year"}),
    ("need", "N7", None, {"need.codelist"}),
    ("need", "1) 2", None, {"need.codelist"}),
    ("need", "N1-N2", None, {"need.codelist"}),
    ("other_need", "NA", "NA", set()),  # a code, although it reads like a blank
    ("other_need", "n/a", None, {"other_need.mended"}),
    ("surname", "Null", "Null", set()),  # a name
    ("surname", "'t Hooft", "'t Hooft", set()),
    ("surname", "-", None, {"surname.mended"}),
    ("local_id", "'00123", "00123", {"local_id.mended"}),
    ("local_id", "123.0", "123", {"local_id.mended"}),
    ("local_id", "12E3", "12E3", set()),
    ("local_id", "12345678901", "12345678901", set()),
    ("nhs_number", "943 476 5919", "9434765919", {"nhs_number.mended"}),
    ("nhs_number", "943-476-5919", "9434765919", {"nhs_number.mended"}),
    ("nhs_number", "9434765918", "9434765918", {"nhs_number.checksum"}),
    ("nhs_number", "1111111111", "1111111111", {"nhs_number.checksum"}),
]


ROWS = Rows()
READ = [ROWS.add(**{column: cell}) for column, cell, _, _ in CASES]


@pytest.mark.parametrize("n", range(len(CASES)), ids=[f"{c[0]}:{c[1]!r}" for c in CASES])
def test_cell(n: int) -> None:
    column, _, value, fails = CASES[n]
    assert READ[n].typed[column] == value
    # Rules between columns are other tests; here only what is said of the cell itself.
    assert {f for f in READ[n].fails if f.startswith(column) or f in fails} == fails


SYMBOLS = {s: ROWS.add(rate=s) for s in ("c", "x", "z", "k", "low", "LOW", "u", ":", "..")}


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_symbol_is_kept_and_is_never_a_number(symbol: str) -> None:
    typed = SYMBOLS[symbol].typed
    assert (typed["rate"], typed["rate_symbol"]) == (None, symbol.lower())
    assert "rate.readable" not in SYMBOLS[symbol].fails


FIGURES = {"0": 0.0, "1,234": 1234.0, "12.5": 12.5, "-3": -3.0}
FIGURE_ROWS = {cell: ROWS.add(rate=cell) for cell in FIGURES}


@pytest.mark.parametrize(("cell", "value"), FIGURES.items())
def test_figure_is_a_number(cell: str, value: float) -> None:
    typed = FIGURE_ROWS[cell].typed
    assert (typed["rate"], typed["rate_symbol"]) == (value, None)


UNKNOWN_SYMBOL = ROWS.add(rate="[w]")


def test_unknown_symbol_is_a_finding_not_a_null() -> None:
    assert UNKNOWN_SYMBOL.fails.get("rate.readable") == 1


def test_unreadable_value_of_a_required_field_rejects_the_row() -> None:
    with judged([row(starts_on="soon"), row(1)]) as j:
        assert failures(j) == {"starts_on.readable": 1}
        assert next(c.rejected for c in j.counts()) == 1


@given(
    st.lists(st.none() | st.text(alphabet=SPACE + "aZ0é-'", max_size=5), max_size=12),
    st.integers(0, 4),
    st.sampled_from([pa.string(), pa.large_string()]),
)
def test_looking_at_the_edges_first_never_leaves_a_cell_untrimmed(
    cells: list[str | None], skip: int, kind: pa.DataType
) -> None:
    """The shortcut gives what trimming every cell gives, also in the middle of a larger array."""
    column = pa.chunked_array([pa.array(cells, kind).slice(skip), pa.array([" a "], kind).slice(skip % 2)])
    assert trimmed(column).to_pylist() == pc.utf8_trim(column, SPACE).to_pylist()
