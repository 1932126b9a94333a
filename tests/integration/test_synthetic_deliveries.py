"""Synthetic rows written in each contract's own format come back through the real readers, and both judges pass them."""

from __future__ import annotations

from pathlib import Path

import pytest

from expectations import verdict
from ingest import landing, readers
from ingest.contract import load_contracts
from ingest.judge import judge
from ingest.projections.synthetic import maker, write_delivery

CONTRACTS = load_contracts()


@pytest.mark.parametrize("key", sorted(CONTRACTS))
def test_a_written_delivery_is_read_back_whole_and_passes_both_judges(key: str, tmp_path: Path) -> None:
    made = maker(CONTRACTS[key])
    tables = made.tables(6)
    folder = tmp_path / key / made.submitter.name / "one"
    write_delivery(made.extract, tables, folder, made.period, made.submitter)
    (delivery,) = [d for d in landing.discover(tmp_path, CONTRACTS) if d.key == key]
    read = readers.read(delivery, CONTRACTS[key], CONTRACTS)
    with judge(made.extract, CONTRACTS.codelists, read, made.period, made.submitter) as judged:
        assert {c.table: (c.received, c.accepted) for c in judged.counts()} == {
            name: (len(rows), len(rows)) for name, rows in tables.items()
        }
        assert {t.rule.id: t.failed for name in judged.tables for t in judged.results(name) if t.failed} == {}
        found = verdict.compare(judged, CONTRACTS.codelists)
        assert found.ok, (found.errors[:3], found.disagreements[:3])
