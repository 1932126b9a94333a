"""Real files as they are published, through the command line: taken in, judged, counted whole, shown.

The four census files are test files of other projects, with faults of their own; the published figures are the DfE's and the
ONS's. Among them lie files that no contract knows.
"""

from __future__ import annotations

import csv
import html
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import duckdb
import pytest

from ingest import registry
from ingest.contract import load_contracts
from ingest.lake import Home
from ingest.reference import PUBLISHED
from orchestration.warehouse_file import current, current_release

pytestmark = pytest.mark.minutes(3)

CENSUS = Path(__file__).parents[1] / "data" / "cin_census"
STRANGERS = ("Adoption_register_2019.xlsx", "cla_number_and_rate_by_ward.csv", "workforce_2022.xml")
#: Published files in which nothing says the vintage come with their manifest.
SAY_NO_VINTAGE = ("hospital_admissions", "local_authority_lookup")

#: What a careful reader finds in the four files, beside the reasons for information.
CIN, COMMON = "cin_census", {"cin_census.children.upn.checksum", "cin_census.children.former_upn.checksum"}
EXPECTED: dict[str, tuple[str, str, set[str]]] = {
    "BAR_cin_2022.xml": ("2021-22", "accepted", COMMON | {"CIN-8525Q"}),
    "CIN_Census_2021.xml": ("2022-23", "accepted", COMMON | {"CIN-8525Q", f"{CIN}.children.expected_birth_date.readable", "XML-UNEXPECTED-TEXT"}),
    "CIN_Census_2024.xml": ("2023-24", "partly_accepted", COMMON | {
        "CIN-REFERRAL-FUTURE", "CIN-8608", "FILE-PERIOD", "XML-UNEXPECTED-TEXT", f"{CIN}.assessments.parent_rejected",
        f"{CIN}.assessment_factors.factor.codelist", f"{CIN}.children.la_child_id.max_length", f"{CIN}.children.sex.codelist_year"}),
    "CIN2rows.xml": ("2023-24", "partly_accepted", COMMON | {
        "FILE-PERIOD", "XML-UNEXPECTED-TEXT", f"{CIN}.cp_plans.unique", f"{CIN}.cp_reviews.parent_rejected"}),
}  # fmt: skip
PUBLISHED_EXTRACTS = [key for key in load_contracts() if key.startswith("published/")]
#: Values of the census files that say something about a (made-up) child.
VALUES = (
    "A123456789123",
    "X98765432123B",
    "DfEX0000001",
    "child_fails_assessments",
    "1066-04-13",
    "2015-03-27",
    "PersonBirthDate</",
)


@dataclass(frozen=True)
class Run:
    home: Home
    landing: Path
    out: str
    again: str


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The command line over a folder of files that nobody sorted."""
    place = tmp_path_factory.mktemp("samples")
    landing = place / "sent"
    (landing / "census").mkdir(parents=True)
    for path in CENSUS.iterdir():
        shutil.copy(path, landing / "census")
    (landing / "figures").mkdir()
    for path in PUBLISHED.rglob("*.csv"):
        if path.parents[2].name in SAY_NO_VINTAGE:
            shutil.copytree(path.parent, landing / "figures" / path.stem)
        else:
            shutil.copy(path, landing / "figures")
    (landing / STRANGERS[0]).write_bytes(b"PK\x03\x04 not looked at")
    (landing / "figures" / STRANGERS[1]).write_text("time_period,number\n2025,81770\n", encoding="utf-8")
    (landing / STRANGERS[2]).write_text("<Message><Workforce/></Message>", encoding="utf-8")
    outputs = [scp(place, "run"), scp(place, "run")]
    return Run(Home(place / "home"), landing, *outputs)


def scp(place: Path, *words: str) -> str:
    command = [
        sys.executable,
        "-m",
        "orchestration.cli",
        "--home",
        str(place / "home"),
        "--landing",
        str(place / "sent"),
        *words,
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=400, check=False, cwd=Path(__file__).parents[2]
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def submissions(run: Run) -> list[dict[str, Any]]:
    return registry.submissions(run.home).to_pylist()


def by_file(run: Run) -> dict[str, dict[str, Any]]:
    return {row["file_names"]: row for row in submissions(run) if row["extract"] == CIN}


def receipt(run: Run, name: str, form: str = "txt") -> str:
    return (run.home.receipts / f"{by_file(run)[name]['submission_id']}.{form}").read_text(encoding="utf-8")


def counts(run: Run, submission: str) -> dict[str, tuple[int, int, int]]:
    found = ask(
        run,
        f"select table_name, received, accepted, rejected from fct_table_count where submission_id = '{submission}'",
    )
    return {name: (received, accepted, rejected) for name, received, accepted, rejected in found}


def ask(run: Run, sql: str) -> list[tuple[Any, ...]]:
    path = current(run.home)
    assert path is not None
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_everything_that_a_contract_knows_is_taken_in(run: Run) -> None:
    found = submissions(run)
    assert len(found) == len(EXPECTED) + len(PUBLISHED_EXTRACTS) and not [
        r for r in found if r["status"] == "refused"
    ]
    assert all(r["status"] == "accepted" for r in found if r["agency"] == "published")
    assert {name: (row["period"], row["status"]) for name, row in by_file(run).items()} == {
        n: e[:2] for n, e in EXPECTED.items()
    }


def test_what_no_contract_knows_is_named_with_a_reason(run: Run) -> None:
    kept = (run.home.receipts / "not_recognised.txt").read_text(encoding="utf-8")
    for told in (kept, run.out, run.again):
        assert all(re.search(rf"{re.escape(name)}: \w+", told) for name in STRANGERS)
    assert len(kept.strip().splitlines()) == 1 + len(STRANGERS), (
        "schemas are not data; everything else was recognised"
    )


def test_a_second_run_has_nothing_to_do(run: Run) -> None:
    assert "nothing new" in run.again


def test_received_is_accepted_and_rejected_everywhere(run: Run) -> None:
    for row in submissions(run):
        assert row["rows_received"] == row["rows_accepted"] + row["rows_rejected"] > 0
        for received, accepted, rejected in counts(run, row["submission_id"]).values():
            assert received == accepted + rejected


@pytest.mark.parametrize("name", EXPECTED)
def test_every_element_of_a_census_is_counted(run: Run, name: str) -> None:
    extract = load_contracts()["council/cin_census"]
    root = ET.parse(CENSUS / name).getroot()
    sent = {t.name: len(root.findall(t.source.element or "")) for t in extract.tables}
    received = {table: n for table, (n, _, _) in counts(run, by_file(run)[name]["submission_id"]).items()}
    assert {t: n for t, n in sent.items() if n} == {t: n for t, n in received.items() if n}


def test_every_published_row_arrives(run: Run) -> None:
    lines = sum(
        sum(1 for _ in csv.reader(p.open(encoding="utf-8-sig", errors="replace"))) - 1
        for p in PUBLISHED.rglob("*.csv")
    )
    assert sum(r["rows_accepted"] for r in submissions(run) if r["agency"] == "published") == lines


@pytest.mark.parametrize("name", EXPECTED)
def test_receipts_name_every_finding_and_no_value(run: Run, name: str) -> None:
    text, page = receipt(run, name), receipt(run, name, "html")
    for rule in EXPECTED[name][2]:
        assert f"[{rule}]" in text, rule
        assert f"<code>{rule}</code>" in page, rule
    submission = by_file(run)[name]["submission_id"]
    stored = {
        r
        for (r,) in ask(run, f"select distinct rule_id from fct_finding where submission_id = '{submission}'")
    }
    assert stored and all(f"[{rule}]" in text for rule in stored), (
        "what the warehouse counts, the sender was told"
    )
    assert not [v for v in VALUES if v in text or v in page]


def test_receipts_speak_of_elements_and_lines_and_say_what_to_do(run: Run) -> None:
    text = receipt(run, "CIN_Census_2024.xml")
    assert "Assessments; element AssessmentActualStartDate, AssessmentAuthorisationDate; line 41" in text
    assert "element AssessmentFactors; line 46" in text
    assert re.search(
        r"2023-24 by the file's header\s+\(ReferenceDate\) and 2022-23 by the file's header\s+\(Year\)", text
    )
    assert text.index("CIN-REFERRAL-FUTURE") < text.index("parent_rejected"), (
        "the cause before what follows from it"
    )
    assert "Nothing more is needed" not in receipt(run, "CIN_Census_2021.xml"), "it has rows to correct"


def test_the_example_authority_is_in_no_figure_of_the_partnerships(run: Run) -> None:
    assert ask(run, "select distinct area_code from fct_referral") == [("E09000001",)]
    examples = "select submission_id from fct_submission where submitter = 'sample_authority'"
    assert not ask(
        run,
        f"select * from fct_indicator_record where submission_id in ({examples}) and area_code is distinct from 'E09000001'",
    )
    assert not ask(
        run,
        "select * from fct_indicator_value where area_code not in ('E10000028', 'E06000021', 'SCP_JOINT')",
    )
    counted = ask(
        run,
        "select distinct indicator_id from fct_indicator_value where indicator_id not like 'DQ%' and coalesce(numerator, 0) + coalesce(denominator, 0) <> 0 and period_type <> 'vintage'",
    )
    assert not [i for (i,) in counted if not i.startswith("ED")], "no council has sent anything"
    # Whether the examples' lateness counts as a partner's lateness.
    assert not ask(
        run,
        f"select * from fct_indicator_record where indicator_id like 'DQ%' and submission_id in ({examples})",
    )


def test_a_page_shows_real_published_figures_of_both_councils(run: Run) -> None:
    release = current_release(run.home)
    assert release is not None
    page = (release / "report" / "published.html").read_text(encoding="utf-8")
    shown = re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]+>", " ", page)))
    source = next(PUBLISHED.rglob("c1_*.csv"))
    with source.open(encoding="utf-8-sig") as handle:
        rows = [
            r
            for r in csv.DictReader(handle)
            if r["la_name"] in ("Staffordshire", "Stoke-on-Trent") and int(r["time_period"]) >= 2020
        ]
    assert len(rows) == 12
    for name in ("Staffordshire", "Stoke-on-Trent"):
        counts = [
            f"{int(r['referral_count']):,}"
            for r in sorted(rows, key=lambda r: r["time_period"])
            if r["la_name"] == name
        ]
        # In whichever direction the page lays out the years.
        assert any(f"{name} {' '.join(series)}" in shown for series in (counts, counts[::-1]))
    assert "Open Government Licence" in shown
    query = "select count(*) as n from fct_published_figure where area_code in ('E10000028', 'E06000021')"
    assert re.search(r"[1-9]\d{2,}", scp(run.landing.parent, "query", query))


def test_a_query_that_is_wrong_is_answered_in_a_sentence(run: Run) -> None:
    command = [
        sys.executable,
        "-m",
        "orchestration.cli",
        "--home",
        str(run.home.root),
        "query",
        "select nothing from nowhere",
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd=Path(__file__).parents[2]
    )
    assert done.returncode == 1 and "nowhere" in done.stderr and "Traceback" not in done.stderr
