"""A postcode becomes its district's code and nothing finer; what the directory does not have becomes nothing."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa
import pytest

from ingest.postcodes import district_of

SEEDS = Path(__file__).parents[2] / "dbt_project" / "seeds"


def districts(*postcodes: str | None) -> list[str | None]:
    return district_of(pa.chunked_array([pa.array(postcodes, pa.string())])).to_pylist()


@pytest.mark.parametrize("written", ["ST16 2LH", "st162lh", " ST16  2LH ", "ST16-2LH"])
def test_however_it_is_written(written: str) -> None:
    assert districts(written) == ["E07000197"]


def test_what_is_not_a_postcode_has_no_district() -> None:
    assert districts("ST99 9ZZ", "Marker", "", None, "12345", "ÉT1 1AA") == [None] * 6


def test_the_same_postcode_many_times_and_every_letter_in_one_column() -> None:
    found = districts("ST1 1AA", "B77 1AA", "ST1 1AA", "DE14 1AA", None)
    assert found[0] == found[2] == "E06000021"
    assert found[1] == "E07000199" and found[3] == "E07000193"


def test_no_rows_is_no_districts() -> None:
    assert district_of(pa.chunked_array([], pa.string())).to_pylist() == []


def test_every_district_of_staffordshire_is_one_that_the_directory_knows() -> None:
    with (SEEDS / "district.csv").open(encoding="utf-8", newline="") as handle:
        listed = {row["district_code"] for row in csv.DictReader(handle)}
    sample = districts("WS11 1AA", "DE14 1AA", "WS13 6AA", "ST5 1AA", "WV5 0AA", "ST16 2LH", "ST13 5AA", "B79 7AA", "WS11 1BG", "WS13 6HS",
                       "ST5 1QG", "WV5 9AA", "WV8 1PX", "ST13 6HQ", "WS12 1AB", "WS15 2XJ")  # fmt: skip
    assert listed == {d for d in sample if d and d.startswith("E070001") and "E07000192" <= d <= "E07000199"}
