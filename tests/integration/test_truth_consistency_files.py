"""The synthetic files against the readers and the first judge: every planted fault is found where it was planted, nothing else
is rejected, and the truth's counts of rows and codes are what the judge counts."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ingest import landing, readers
from ingest.contract import Contracts, Severity, derived_rules, load_contracts
from ingest.judge import judge
from ingest.lake import Home
from ingest.readers import csv
from ingest.synthetic import partnership, truth


@dataclass
class Seen:
    """What the pipeline's own readers and judge made of the whole landing folder."""

    found: set[tuple[str, str | None, int | None, str]] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    misplaced: list[str] = field(default_factory=list)
    counts: dict[str, Counter[str]] = field(
        default_factory=dict
    )  # file -> received, accepted, checked, standard


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("world"))
    partnership.make(home, 0.02)
    return home


@pytest.fixture(scope="module")
def seen(home: Home) -> Seen:
    contracts, out = load_contracts(), Seen()
    for delivery in landing.discover(home.landing, contracts):
        _judge(delivery, home, contracts, out)
    return out


def _judge(delivery: landing.Delivery, home: Home, contracts: Contracts, out: Seen) -> None:
    file = str(delivery.files[0].relative_to(home.landing))
    extract = contracts[delivery.key or ""]
    try:
        read = readers.read(delivery, extract, contracts)
    except readers.Refused as refused:
        out.refused[file] = refused.code.value
        return
    resolved = landing.resolve(read, delivery, extract, contracts)
    parts = file.split("/")
    if (resolved.submitter, resolved.period.id) != (parts[2], parts[3].split("__")[0]):
        out.misplaced.append(file)
    out.found |= {(file, None, None, p.code.value) for p in (*read.problems, *resolved.problems)}
    of_table = dict.fromkeys(extract.by_table, file)
    if extract.delivery.format == "csv_set":  # each table of a set has a file of its own
        for path in delivery.files:
            table = csv.table_of(path.name, extract)
            if table is not None:
                of_table[table.name] = str(path.relative_to(home.landing))
    counts = out.counts[file] = Counter()
    at = extract.at(resolved.period.end.year)
    with judge(
        at, contracts.codelists, read, resolved.period, contracts.submitter(resolved.submitter)
    ) as judged:
        for table in (t.name for t in at.tables if t.name in read.tables):
            out.found |= {
                (of_table[table], table, f["row"], f["rule_id"]) for f in judged.findings(table).to_pylist()
            }
            coded: dict[str, list[int]] = {}
            for tally in judged.results(table):
                if tally.rule.kind.value.startswith("codelist"):
                    sums = coded.setdefault(tally.rule.columns[0], [0, 0])
                    sums[0], sums[1] = max(sums[0], tally.checked), sums[1] + tally.failed
            counts["checked"] += sum(c for c, _ in coded.values())
            counts["standard"] += sum(c - f for c, f in coded.values())
        for count in judged.counts():
            counts["received"] += count.received
            counts["accepted"] += count.accepted


def test_only_what_cannot_be_read_is_refused(home: Home, seen: Seen) -> None:
    faults = pd.read_parquet(home.truth / "defects.parquet")
    hopeless = faults[faults["kind"].isin(["file broken off", "file empty", "workbook with a password"])]
    assert seen.refused == dict(zip(hopeless["file"], hopeless["expected_rule_id"], strict=True))


def test_every_file_says_its_period_and_sender(seen: Seen) -> None:
    assert seen.misplaced == []


def test_every_planted_fault_is_found_where_it_was_planted(home: Home, seen: Seen) -> None:
    faults = pd.read_parquet(home.truth / "defects.parquet")
    planted = faults[faults["expected_rule_id"].notna() & ~faults["file"].isin(list(seen.refused))]
    lost = [
        (f["file"], f["kind"], f["expected_rule_id"])
        for f in planted.to_dict("records")
        if (
            f["file"],
            None if pd.isna(f["table"]) else f["table"],
            None if pd.isna(f["row"]) else int(f["row"]),
            f["expected_rule_id"],
        )
        not in seen.found
    ]
    assert len(planted) > 200
    assert lost == []


def test_nothing_is_rejected_that_was_not_planted(home: Home, seen: Seen) -> None:
    contracts = load_contracts()
    rejecting = {
        r.id
        for e in contracts.values()
        for t in e.tables
        for r in derived_rules(e, t)
        if r.severity is Severity.reject_row
    }
    faults = pd.read_parquet(home.truth / "defects.parquet")
    planted = {
        (f["file"], f["table"], int(f["row"])) for f in faults[faults["row"].notna()].to_dict("records")
    }
    stray = [
        (f, t, r, rule) for f, t, r, rule in seen.found if rule in rejecting and (f, t, r) not in planted
    ]
    assert stray == []


@pytest.mark.parametrize(
    ("indicator", "numerator", "denominator"),
    [("DQ02", "accepted", "received"), ("DQ06", "standard", "checked")],
)
def test_quality_figures_of_the_truth(
    home: Home, seen: Seen, indicator: str, numerator: str, denominator: str
) -> None:
    values = pd.read_parquet(home.truth / "indicators.parquet")
    values = values[values["breakdown"] == "total"].set_index(["indicator_id", "area_code", "period_id"])
    current = _in_force(home.landing, seen)
    for code, members in truth._areas():
        for period in (p for p in truth.periods() if p.kind != "rolling_12_months"):
            inside = [
                c for (end, area, c) in current if area in members and period.start <= end <= period.end
            ]
            row = values.loc[(indicator, code, period.id)]
            assert (sum(c[numerator] for c in inside), sum(c[denominator] for c in inside)) == (
                row["numerator"],
                row["denominator"],
            ), (code, period.id)


def _in_force(root: Path, seen: Seen) -> list[tuple[np.datetime64, int, Counter[str]]]:
    latest: dict[tuple[str, ...], tuple[tuple[int, str], str]] = {}
    awaited = truth.awaited()
    for file in (f for f in seen.counts if "__again" not in f):
        note = json.loads((root / file).with_name("_manifest.json").read_text(encoding="utf-8"))
        agency, extract, submitter, folder, _ = file.split("/")
        if f"{agency}/{extract}" not in awaited:
            continue
        place, order = (
            (agency, extract, submitter, folder.split("__")[0]),
            (note["submission_no"], note["received_at"]),
        )
        latest[place] = max(latest.get(place, ((0, ""), "")), (order, file))
    out: list[tuple[np.datetime64, int, Counter[str]]] = []
    for (agency, extract, submitter, period), (_, file) in latest.items():
        out.append((truth.end_of(agency, extract, period), truth.area_of(submitter), seen.counts[file]))
    return out
