"""A sender who fills in our own template has nothing to mend: what we hand out, we read, without a finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest import landing, readers
from ingest.agreement import load_agreements
from ingest.contract import load_contracts
from ingest.judge import judge
from ingest.projections.example import example_row
from ingest.projections.template import template_files
from ingest.projections.wording import file_name, set_stem

CONTRACTS, AGREEMENTS = load_contracts(), load_agreements()
KEYS = sorted(k for k, e in CONTRACTS.items() if not e.licence)


@pytest.mark.parametrize("key", KEYS)
def test_a_template_with_its_example_row_is_read_and_accepted_whole(key: str, tmp_path: Path) -> None:
    extract = CONTRACTS[key]
    submitter = CONTRACTS.submitter(extract.submitters[0])
    made = template_files(CONTRACTS, key, AGREEMENTS)
    folder = tmp_path / "landing" / key / submitter.name / "first"
    folder.mkdir(parents=True)
    tables = [t for t in extract.tables if f"{key.replace('/', '__')}/{set_stem(t)}.csv" in made]
    names = [file_name(extract, submitter.name, t) for t in tables] or [file_name(extract, submitter.name)]
    for name, text in zip(names, made.values(), strict=True):
        (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)

    (delivery,) = landing.discover(tmp_path / "landing", CONTRACTS)
    read = readers.read(delivery, extract, CONTRACTS)
    resolved = landing.resolve(read, delivery, extract, CONTRACTS)
    assert resolved.submitter == submitter.name
    # Our own title and help sheet are set aside, and a table in which the example child has no row is empty: said, no more.
    said = [
        p
        for p in (*read.problems, *resolved.problems)
        if not (extract.stories and str(p.code) == "FILE-EMPTY")
    ]
    assert {str(p.code) for p in said} <= {"FILE-TITLES", "FILE-COLUMN-IGNORED"}
    assert all(p.severity == "note" for p in said)

    layout = extract.at(resolved.period.year)
    asked = {t.name for t in layout.tables}
    with judge(layout, CONTRACTS.codelists, read, resolved.period, submitter) as judged:
        for counts in judged.counts():
            # One example row a table; where rules look across tables it is one child, who cannot be in every table.
            shown = (
                int(example_row(CONTRACTS, layout, layout.by_table[counts.table]) is not None)
                if counts.table in asked
                else 0
            )
            assert counts.table not in asked or (counts.received, counts.accepted) == (shown, shown), counts
        assert len([c for c in judged.counts() if c.received]) >= len(asked) / 2
        failing = {t.rule.id for table in asked for t in judged.results(table) if t.failed}
    assert failing == set()
