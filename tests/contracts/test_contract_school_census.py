"""The school census as one council exports it: columns drift from term to term, and every term folds into one table of pupils.

The autumn files are a published synthetic export (tests/data/school_census). The other two terms are the same pupils with the columns that those
terms' exports lack taken out, and with the attendance codes of their year.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ingest import pipeline, registry
from ingest.agreement import load_agreements
from ingest.contract import load_contracts
from ingest.judge import Judged
from ingest.lake import Home
from ingest.results import GateVerdict
from tests.support.small_landing import place_keys

CONTRACTS, AGREEMENTS = load_contracts(), load_agreements()
SENT = Path(__file__).parents[1] / "data" / "school_census"
KEY, SUBMITTER = "school/school_census", "staffordshire_education"
#: Columns that only the autumn export has: 64 there, 44 in spring; summer has neither these nor three more.
AUTUMN_ONLY = [
    "summerhalfterm2sessionspossible",
    "summerhalfterm2sessionsauthorised",
    "summerhalfterm2sessionsunauthorised",
    "summerhalfterm2sessionseducational",
    "summerhalfterm2sessionsexceptional",
    "summerhalfterm2sessionscoronavirus",
    "termlysessionsauthorised",
    "termlysessionsunauthorised",
    "qualhrs",
    "nonqualhrs",
    "qualhrspreviousyear",
    "nonqualhrspreviousyear",
    "tlevelqualhrs",
    "tlevelnonqualhrs",
    "yssa",
    "ftemp",
    "mathsgcsehighestpriorattainmentpreviousyear",
    "englishgcsehighestpriorattainmentpreviousyear",
    "mathsgcsepriorattainmentyear11",
    "englishgcsepriorattainmentyear11",
]
NOT_IN_SUMMER = ("resourcedprovisionindicator", "senunitindicator", "classtype")


def agrees(_: Judged) -> GateVerdict:
    """A second judge that always agrees; the real one has its own tests."""
    return GateVerdict()


def rows_of(name: str) -> list[dict[str, str]]:
    with (SENT / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def put(
    landing: Path, period: str, name: str, rows: list[dict[str, str]], rename: dict[str, str] | None = None
) -> None:
    path = landing / KEY / SUBMITTER / period / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow([(rename or {}).get(c, c) for c in rows[0]])
        writer.writerows(row.values() for row in rows)


def without(rows: list[dict[str, str]], columns: tuple[str, ...] | list[str]) -> list[dict[str, str]]:
    return [{k: v for k, v in row.items() if k not in columns} for row in rows]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    place_keys(made)
    return made


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    return tmp_path / "landing"


def take_in(landing: Path, home: Home) -> pipeline.Intake:
    return pipeline.take_in_all(landing, CONTRACTS, AGREEMENTS, home, agrees)


def test_three_terms_with_64_44_and_41_columns_fold_into_one_pupil_table(landing: Path, home: Home) -> None:
    autumn = rows_of("2024_autumn_pupilonroll.csv")
    spring, summer = without(autumn, AUTUMN_ONLY), without(autumn, [*AUTUMN_ONLY, *NOT_IN_SUMMER])
    assert [len(r[0]) for r in (autumn, spring, summer)] == [64, 44, 41]
    put(landing, "2023-24-T2", "2024_spring_pupilonroll.csv", spring, {"sex": "gender"})
    put(landing, "2023-24-T3", "2024_summer_pupilonroll.csv", summer, {"sex": "gender"})
    put(landing, "2024-25-T1", "2024_autumn_pupilonroll.csv", autumn)
    intake = take_in(landing, home)

    assert {(r.period, r.status) for r in intake.reports} == {
        (p, "accepted") for p in ("2023-24-T2", "2023-24-T3", "2024-25-T1")
    }
    files = sorted((home.lake / "raw" / "school" / "school_census" / "pupil_on_roll").glob("*.parquet"))
    tables = [pq.read_table(f) for f in files]
    filled = [t for t in tables if t.num_rows]
    assert len({t.schema for t in tables}) == 1, "one table, whatever the columns of the term"
    assert sum(t.num_rows for t in filled) == 3 * len(autumn)
    for table in filled:
        assert table["sex"].null_count == 0, "gender is sex"
    # What a term does not have is empty, not zero.
    assert sorted(t["sessions_authorised"].null_count == t.num_rows for t in filled) == [False, True, True]
    assert sorted(t["sen_unit"].null_count == t.num_rows for t in filled) == [False, False, True]
    # The same pupil under the same key is the same pupil in every term.
    assert len({v for t in filled for v in t["child_token"].to_pylist()}) == len(autumn)


def test_every_unread_column_is_named_in_the_receipt(landing: Path, home: Home) -> None:
    for path in SENT.glob("*.csv"):
        put(landing, "2024-25-T1", path.name, rows_of(path.name))
    (report,) = take_in(landing, home).reports
    assert report.status == "partly_accepted"
    assert {n.replace("_", ""): c.received for n, c in report.tables.items() if c.received} == {
        path.stem.removeprefix("2024_autumn_"): len(rows_of(path.name)) for path in SENT.glob("*.csv")
    }
    for counts in report.tables.values():
        assert counts.received == counts.accepted + counts.rejected
    text = (home.receipts / f"{report.submission_id}.txt").read_text(encoding="utf-8")
    told = " ".join(text.split())
    unread = {
        column
        for path in SENT.glob("*.csv")
        for column in rows_of(path.name)[0]
        if column.casefold() not in read_headers()
    }
    assert len(unread) > 50
    assert not [c for c in unread if f" {c}" not in told], "every column that was not read is named"


def read_headers() -> set[str]:
    return {h.casefold() for t in CONTRACTS[KEY].tables for f in t.fields for h in f.headers}


def test_the_attendance_codes_of_2024_25_are_of_another_year_before_and_the_old_ones_after(
    landing: Path, home: Home
) -> None:
    def sessions(*codes: str) -> list[dict[str, str]]:
        return [
            {"pupilonrolltableid": f"P{n}", "sessions": "4.0", "attendancereason": c}
            for n, c in enumerate(codes)
        ]

    pupils = rows_of("2024_autumn_pupilonroll.csv")
    for period, year in (("2022-23-T2", 2023), ("2024-25-T2", 2025)):
        put(landing, period, f"{year}_spring_pupilonroll.csv", without(pupils, AUTUMN_ONLY))
        put(landing, period, f"{year}_spring_termlysessiondetailsonroll.csv", sessions("I", "H", "Y4", "QQ"))
    take_in(landing, home)
    found: dict[str, dict[str, list[int]]] = {}
    for row in registry.submissions(home).to_pylist():
        text = (home.receipts / f"{row['submission_id']}.txt").read_text(encoding="utf-8")
        found[row["period"]] = {
            kind: [
                n
                for n in (2, 3, 4, 5)
                if f"rows {n}" in _place(text, kind) or f"row {n}" in _place(text, kind)
            ]
            for kind in ("codelist_year", "codelist]")
        }
    assert found["2022-23-T2"] == {"codelist_year": [4], "codelist]": [5]}, "Y4 is a code of a later list"
    assert found["2024-25-T2"] == {"codelist_year": [3], "codelist]": [5]}, "H ended"


def _place(receipt: str, kind: str) -> str:
    """What the receipt says about where the attendance code's finding is."""
    told = " ".join(receipt.split())
    at = told.find(f"attendance_code.{kind}")
    return told[at : told.find("Do:", at)] if at >= 0 else ""


def test_a_set_without_its_roll_is_refused(landing: Path, home: Home) -> None:
    put(
        landing,
        "2024-25-T1",
        "2024_autumn_termlyexclusionsonroll.csv",
        rows_of("2024_autumn_termlyexclusionsonroll.csv"),
    )
    (report,) = take_in(landing, home).reports
    assert (report.status, report.reason_code) == ("refused", "FILE-TABLE-MISSING")


def test_a_file_name_of_the_export_says_the_term_when_nothing_else_does(landing: Path, home: Home) -> None:
    folder = landing / KEY / SUBMITTER / "sent"
    folder.mkdir(parents=True)
    (folder / "2024_autumn_pupilonroll.csv").write_bytes((SENT / "2024_autumn_pupilonroll.csv").read_bytes())
    (report,) = take_in(landing, home).reports
    assert (report.period, report.status) == ("2024-25-T1", "accepted")
