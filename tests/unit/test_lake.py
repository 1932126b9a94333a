"""Files reach the lake whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.lake import writing

ROWS = pa.table({"n": [1, 2, 3]})


def test_every_file_is_there_when_the_block_ends(tmp_path: Path) -> None:
    with writing() as write:
        for n in range(5):
            write(ROWS, tmp_path / "a" / f"{n}.parquet")
    assert [pq.read_table(p).equals(ROWS) for p in sorted((tmp_path / "a").iterdir())] == [True] * 5


def test_a_file_that_cannot_be_written_is_not_lost_in_silence(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("a file where a folder must be")
    with pytest.raises(OSError), writing() as write:
        write(ROWS, tmp_path / "b" / "x.parquet")
        write(ROWS, tmp_path / "c.parquet")
    assert not list(tmp_path.glob("**/*.partial"))
