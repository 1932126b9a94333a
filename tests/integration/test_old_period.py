"""A return of a period that has no partition gets its receipt all the same: no file is left lying."""

from __future__ import annotations

import re
from pathlib import Path

from ingest import registry
from ingest.lake import Home
from tests.support.world import REPOSITORY, scp


def test_a_census_older_than_the_first_partition_is_taken_in(tmp_path: Path) -> None:
    source = (REPOSITORY / "tests/data/cin_census/BAR_cin_2022.xml").read_text(encoding="utf-8")
    for element, value in (("LEA", "860"), ("ReferenceDate", "2019-03-31"), ("Year", "2019")):
        source = re.sub(rf"<{element}>[^<]*<", f"<{element}>{value}<", source)
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "census.xml").write_text(source, encoding="utf-8")
    scp(tmp_path, "take-in")
    (row,) = registry.submissions(Home(tmp_path)).to_pylist()
    assert row["period"] == "2018-19"
    assert row["rows_received"] == row["rows_accepted"] + row["rows_rejected"] > 0
    assert (tmp_path / "receipts" / f"{row['submission_id']}.txt").exists()
