"""The school census as one council exports it: columns drift from term to term, and every term folds into one table of pupils.

The autumn files are a published synthetic export (tests/data/school_census). The other two terms are the same pupils with the columns that those
terms' exports lack taken out, and with the attendance codes of their year.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest import pipeline
from ingest.agreement import load_agreements
from ingest.contract import load_contracts
from ingest.judge import Judged
from ingest.lake import Home
from ingest.results import GateVerdict
from tests.support.small_landing import place_keys

CONTRACTS, AGREEMENTS = load_contracts(), load_agreements()
SENT = Path(__file__).parents[1] / "data" / "school_census"
KEY, SUBMITTER, OTHER = "school/school_census", "staffordshire_education", "stoke_on_trent_education"
ROLL = "2024_autumn_pupilonroll.csv"
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


def without(rows: list[dict[str, str]], columns: tuple[str, ...] | list[str]) -> list[dict[str, str]]:
    return [{k: v for k, v in row.items() if k not in columns} for row in rows]


def read_headers() -> set[str]:
    return {h.casefold() for t in CONTRACTS[KEY].tables for f in t.fields for h in f.headers}


PUPILS = rows_of(ROLL)
SPRING, SUMMER = without(PUPILS, AUTUMN_ONLY), without(PUPILS, [*AUTUMN_ONLY, *NOT_IN_SUMMER])


@dataclass(frozen=True)
class Sent:
    """Every delivery of these tests, taken in at once: each is of a sender and term of its own."""

    home: Home
    landing: Path
    intake: pipeline.Intake

    def report(self, period: str, submitter: str = SUBMITTER) -> pipeline.SubmissionReport:
        (found,) = [r for r in self.intake.reports if (r.period, r.submitter) == (period, submitter)]
        return found

    def receipt(self, report: pipeline.SubmissionReport) -> str:
        """The receipt's text in one line."""
        text = (self.home.receipts / f"{report.submission_id}.txt").read_text(encoding="utf-8")
        return " ".join(text.split())

    def pupils(self) -> list[pa.Table]:
        """Every file of the table of pupils."""
        return [pq.read_table(f) for f in sorted(self.home.raw(KEY, "pupil_on_roll").glob("*.parquet"))]


def put(landing: Path, period: str, name: str, rows: list[dict[str, str]], rename: dict[str, str] | None = None,
        submitter: str = SUBMITTER) -> None:  # fmt: skip
    path = landing / KEY / submitter / period / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow([(rename or {}).get(c, c) for c in rows[0]])
        writer.writerows(row.values() for row in rows)


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Sent:
    root = tmp_path_factory.mktemp("census")
    home, landing = Home(root / "home"), root / "landing"
    place_keys(home)
    # Three terms of one council.
    put(landing, "2023-24-T2", "2024_spring_pupilonroll.csv", SPRING, {"sex": "gender"})
    put(landing, "2023-24-T3", "2024_summer_pupilonroll.csv", SUMMER, {"sex": "gender"})
    put(landing, "2024-25-T1", ROLL, PUPILS)
    # The published export, whole.
    for path in SENT.glob("*.csv"):
        put(landing, "2024-25-T1", path.name, rows_of(path.name), submitter=OTHER)
    # Codes of attendance of two years.
    for period, year in (("2022-23-T2", 2023), ("2024-25-T2", 2025)):
        put(landing, period, f"{year}_spring_pupilonroll.csv", SPRING)
        put(landing, period, f"{year}_spring_termlysessiondetailsonroll.csv", sessions("I", "H", "Y4", "QQ"))
    # A set without its roll.
    name = "2025_autumn_termlyexclusionsonroll.csv"
    put(landing, "2025-26-T1", name, rows_of("2024_autumn_termlyexclusionsonroll.csv"))
    # Nothing but the file's name says the term.
    (landing / KEY / SUBMITTER / "sent").mkdir()
    (landing / KEY / SUBMITTER / "sent" / "2023_autumn_pupilonroll.csv").write_bytes(
        (SENT / ROLL).read_bytes()
    )
    return Sent(home, landing, pipeline.take_in_all(landing, CONTRACTS, AGREEMENTS, home, agrees))


def sessions(*codes: str) -> list[dict[str, str]]:
    return [
        {"pupilonrolltableid": f"P{n}", "sessions": "4.0", "attendancereason": c} for n, c in enumerate(codes)
    ]


def test_three_terms_with_64_44_and_41_columns_fold_into_one_pupil_table(sent: Sent) -> None:
    assert [len(r[0]) for r in (PUPILS, SPRING, SUMMER)] == [64, 44, 41]
    three = [sent.report(p) for p in ("2023-24-T2", "2023-24-T3", "2024-25-T1")]
    assert {r.status for r in three} == {"accepted"}
    tables = sent.pupils()
    assert len({t.schema for t in tables}) == 1, "one table, whatever the columns of the term"
    of = {t["_submission_id"][0].as_py(): t for t in tables if t.num_rows}
    filled = [of[r.submission_id] for r in three]
    assert sum(t.num_rows for t in filled) == 3 * len(PUPILS)
    for table in filled:
        assert table["sex"].null_count == 0, "gender is sex"
    # What a term does not have is empty, not zero.
    assert [t["sessions_authorised"].null_count == t.num_rows for t in filled] == [True, True, False]
    assert [t["sen_unit"].null_count == t.num_rows for t in filled] == [False, True, False]
    # The same pupil under the same key is the same pupil in every term.
    assert len({v for t in filled for v in t["child_token"].to_pylist()}) == len(PUPILS)


def test_every_unread_column_is_named_in_the_receipt(sent: Sent) -> None:
    report = sent.report("2024-25-T1", OTHER)
    assert report.status == "partly_accepted"
    assert {n.replace("_", ""): c.received for n, c in report.tables.items() if c.received} == {
        path.stem.removeprefix("2024_autumn_"): len(rows_of(path.name)) for path in SENT.glob("*.csv")
    }
    for counts in report.tables.values():
        assert counts.received == counts.accepted + counts.rejected
    told = sent.receipt(report)
    unread = {
        column
        for path in SENT.glob("*.csv")
        for column in rows_of(path.name)[0]
        if column.casefold() not in read_headers()
    }
    assert len(unread) > 50
    assert not [c for c in unread if f" {c}" not in told], "every column that was not read is named"


def test_the_attendance_codes_of_2024_25_are_of_another_year_before_and_the_old_ones_after(
    sent: Sent,
) -> None:
    found: dict[str, dict[str, list[int]]] = {}
    for period in ("2022-23-T2", "2024-25-T2"):
        told = sent.receipt(sent.report(period))
        found[period] = {
            kind: [n for n in (2, 3, 4, 5) if re.search(rf"\brows? {n}", _place(told, kind))]
            for kind in ("codelist_year", "codelist]")
        }
    assert found["2022-23-T2"] == {"codelist_year": [4], "codelist]": [5]}, "Y4 is a code of a later list"
    assert found["2024-25-T2"] == {"codelist_year": [3], "codelist]": [5]}, "H ended"


def _place(told: str, kind: str) -> str:
    """What a receipt says about where the attendance code's finding is."""
    at = told.find(f"attendance_code.{kind}")
    return told[at : told.find("Do:", at)] if at >= 0 else ""


def test_a_set_without_its_roll_is_refused(sent: Sent) -> None:
    report = sent.report("2025-26-T1")
    assert (report.status, report.reason_code) == ("refused", "FILE-TABLE-MISSING")


def test_a_file_name_of_the_export_says_the_term_when_nothing_else_does(sent: Sent) -> None:
    assert sent.report("2023-24-T1").status == "accepted"
    assert [p.name for p in (sent.landing / KEY / SUBMITTER / "sent").iterdir()] == [
        "2023_autumn_pupilonroll.csv"
    ]
