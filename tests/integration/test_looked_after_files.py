"""The looked-after return as councils send it: a set of CSV files under any names, or one XML file; read to the same rows."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from ingest import pipeline
from ingest.agreement import load_agreements
from ingest.contract import load_contracts
from ingest.judge import Judged
from ingest.lake import Home
from ingest.results import GateVerdict
from tests.support.small_landing import place_keys
from tests.support.ssda903 import DATA, KEY, Return, example, is_the_layouts, put_set, put_xml, xml

CONTRACTS, AGREEMENTS = load_contracts(), load_agreements()


def agrees(_: Judged) -> GateVerdict:
    return GateVerdict()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    place_keys(home)
    return home


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    return tmp_path / "landing"


def run(landing: Path, home: Home) -> list[pipeline.SubmissionReport]:
    return pipeline.take_in_all(landing, CONTRACTS, AGREEMENTS, home, agrees).reports


def raw(home: Home, table: str, *without: str) -> list[dict[str, Any]]:
    """The raw rows of a table, without where they came from."""
    left = {"_submission_id", "_row", "_line", "_parent_row", *without}
    rows = [
        r for p in sorted(home.raw(KEY, table).glob("*__*.parquet")) for r in pq.read_table(p).to_pylist()
    ]
    return sorted(({k: v for k, v in r.items() if k not in left} for r in rows), key=repr)


def findings(home: Home) -> dict[str, int]:
    out: dict[str, int] = {}
    for path in home.pipeline("quality_results").glob("*.parquet"):
        for row in pq.read_table(path).to_pylist():
            if row["failed"]:
                out[row["rule_id"]] = out.get(row["rule_id"], 0) + row["failed"]
    return out


def small(children: int = 40) -> Return:
    """A part of an example return in which every table of the XML form has a row."""
    whole = example(2017)
    wanted = {r["CHILD"] for t in ("uasc", "oc3", "missing") for r in whole[t][:5]}
    wanted |= {r["CHILD"] for r in whole["header"][:children]}
    out = {t: [r for r in rows if r["CHILD"] in wanted] for t, rows in whole.items()}
    child = out["header"][0]["CHILD"]
    born = out["header"][0]["DOB"]
    out["ad1"] = [{"CHILD": child, "DOB": born, "DATE_INT": "01/05/2017", "DATE_MATCH": "01/08/2017", "FOSTER_CARE": "1",
                   "NB_ADOPTR": "2", "SEX_ADOPTR": "MF", "LS_ADOPTR": "L2"}]  # fmt: skip
    out["placed_adoption"] = [{"CHILD": child, "DOB": born, "DATE_PLACED": "01/05/2017",
                               "DATE_PLACED_CEASED": "02/11/2017", "REASON_PLACED_CEASED": "RD1"}]  # fmt: skip
    out["header"][0]["MOTHER"] = "1"  # the file has 1.0
    out["uasc"][0]["DUC"] = ""  # one without a date: only the flag says so in XML
    return out


def test_the_same_children_as_csv_set_and_as_xml_are_the_same_rows(
    home: Home, landing: Path, tmp_path: Path
) -> None:
    whole = small()
    assert is_the_layouts(xml(whole)), "what we call the XML form is the DfE's"
    put_set(landing / "csv", whole, "2017-18")
    put_xml(landing / "xml", whole, "2017-18")
    (flat,) = run(landing / "csv", home)
    other = Home(tmp_path / "other")
    place_keys(other)
    (nested,) = run(landing / "xml", other)
    assert (flat.status, nested.status) == ("accepted", "accepted")
    assert (flat.period, nested.period) == ("2017-18", "2017-18")
    for table in CONTRACTS[KEY].tables:
        rows = raw(home, table.name)
        assert rows == raw(other, table.name), table.name
        assert len(rows) == len(whole.get(table.name, [])), table.name
    # Elements without a value are set aside, and counted.
    path = next(other.pipeline("table_counts").glob("*.parquet"))
    aside = {r["table"]: r["set_aside"] for r in pq.read_table(path).to_pylist()}
    assert aside["missing"] == len(whole["header"]) and aside["episodes"] == 0


def test_the_receipt_of_the_xml_form_speaks_of_elements_and_lines(home: Home, landing: Path) -> None:
    whole = small()
    whole["episodes"][3]["DECOM"] = "31/02/2017"
    put_xml(landing, whole, "2017-18")
    (report,) = run(landing, home)
    assert report.status == "partly_accepted"
    text = (home.receipts / f"{report.submission_id}.txt").read_text(encoding="utf-8")
    assert "element DECOM; line " in text


@pytest.mark.parametrize(
    "name", ["{table}.csv", "2017-{table}.csv", "{table}_2017.CSV", "SSDA903 {table} final.csv", "SSDA903_{table}_20180331.csv"]
)  # fmt: skip
def test_names_do_not_matter_and_the_year_is_read_from_the_rows(home: Home, landing: Path, name: str) -> None:
    put_set(landing, small(), None, name=name)
    (report,) = run(landing, home)
    assert (report.status, report.period) == ("accepted", "2017-18")
    assert "FILE-PERIOD" not in findings(home)


@pytest.mark.parametrize(
    ("name", "period"),
    [("{table}_2018.csv", "2017-18"), ("{table}_2017-18.csv", "2017-18"), ("{table}_201718.csv", "2017-18")],
)
def test_a_name_says_the_year_when_nothing_else_does(
    home: Home, landing: Path, name: str, period: str
) -> None:
    whole = small()
    whole = {
        t: [{**r, "DEC": "", "DECOM": ""} if t == "episodes" else r for r in rows]
        for t, rows in whole.items()
    }
    put_set(landing, whole, None, name=name)
    (report,) = run(landing, home)
    assert report.period == period


def test_a_day_in_a_name_is_no_year(home: Home, landing: Path) -> None:
    """A peer read episodes_20200331.csv as the year 0331."""
    whole = small()
    whole = {
        t: [{**r, "DEC": "", "DECOM": ""} if t == "episodes" else r for r in rows]
        for t, rows in whole.items()
    }
    put_set(landing, whole, None, name="{table}_20200331.csv")
    (report,) = run(landing, home)
    assert (report.status, report.reason_code) == ("refused", "FILE-PERIOD")


def test_a_set_with_fewer_tables_is_taken_and_one_without_episodes_is_not(home: Home, landing: Path) -> None:
    whole = small()
    put_set(landing / "few", {t: whole[t] for t in ("header", "episodes")}, "2017-18")
    put_set(landing / "none", {t: whole[t] for t in ("header", "oc2")}, "2017-18")
    (few,) = run(landing / "few", home)
    (none,) = run(landing / "none", home)
    assert (few.status, few.tables["oc2"].received) == ("accepted", 0)
    # A return replaces its period: half of one must not take the other half away.
    assert (none.status, none.reason_code) == ("refused", "FILE-TABLE-MISSING")


def test_several_years_in_one_folder_are_several_returns(home: Home, landing: Path) -> None:
    folder = landing / KEY / "sample_authority"
    folder.mkdir(parents=True)
    for path in DATA.glob("20*-*.csv"):
        shutil.copy(path, folder)
    reports = run(landing, home)
    assert sorted((r.period, r.status) for r in reports) == [
        (y, "accepted") for y in ("2017-18", "2018-19", "2019-20", "2020-21")
    ]


def test_two_files_for_one_table_of_one_year_are_refused(home: Home, landing: Path) -> None:
    place = put_set(landing, small(), None, name="2017-{table}.csv")
    (place / "_manifest.json").unlink()
    text = (place / "2017-oc3.csv").read_text(encoding="utf-8")
    (place / "2017-oc3 (2).csv").write_text(text + text.splitlines()[-1] + "\n", encoding="utf-8")
    (report,) = run(landing, home)
    assert (report.status, report.reason_code) == ("refused", "FILE-TWICE")


def test_ids_are_text_and_codes_in_the_place_of_a_number_are_no_number(home: Home, landing: Path) -> None:
    whole = small()
    first, second, third = (whole["header"][n]["CHILD"] for n in (0, 1, 2))
    for rows in whole.values():
        for row in rows:
            row["CHILD"] = {first: "00123", second: "123"}.get(row["CHILD"], row["CHILD"])
    for row in whole["header"]:
        row["UPN"] = {"00123": "UN4", "123": "UN4", third: "un3"}.get(row["CHILD"], "")
    put_set(landing, whole, "2017-18")
    (report,) = run(landing, home)
    assert report.status == "accepted"
    header = raw(home, "header")
    assert len({r["child_token"] for r in header}) == len(header), "00123 and 123 are two children"
    assert sorted(r["upn_unknown"] or "" for r in header)[-3:] == ["UN3", "UN4", "UN4"]
    assert not [rule for rule in findings(home) if ".upn." in rule]
    links = (
        pq.read_table(home.person_map / "person_map.parquet").to_pylist() if home.person_map.exists() else []
    )
    assert len({r["person_key"] for r in links}) == len(links), "nobody is linked by a code for no number"


def test_stand_ins_and_sentinels_are_no_faults_and_no_postcode_is_stored(home: Home, landing: Path) -> None:
    whole = small()
    for row in whole["episodes"]:
        row["URN"], row["HOME_POST"], row["PL_POST"] = "XXXXXXX", "ST16 2LH", "ST4 1HH"
    whole["episodes"][0]["URN"] = "SC040506"
    whole["prev_perm"][0].update({"PREV_PERM": "P1", "LA_PERM": "860", "DATE_PERM": "zz/06/2014"})
    put_set(landing, whole, "2017-18")
    (report,) = run(landing, home)
    assert report.status == "accepted"
    assert not [r for r in findings(home) if "urn" in r or "permanence" in r]
    assert {r["placement_urn"] for r in raw(home, "episodes")} == {"XXXXXXX", "SC040506"}
    assert "zz/06/2014" in {r["previous_permanence_on"] for r in raw(home, "prev_perm")}
    for path in [*home.lake.rglob("*.parquet"), *home.receipts.glob("*")]:
        content = path.read_bytes()
        assert b"ST16 2LH" not in content and b"ST4 1HH" not in content, path.name
    for table in ("episodes",):
        assert not [
            c
            for c in pq.read_schema(next(home.raw(KEY, table).glob("*__*.parquet"))).names
            if "postcode" in c
        ]


#: (what changed, table, heading, code, last day of the year before, year after, codes in force: before, after)
CHANGES = [
    ("special guardianship", "episodes", "REC", "E43", 2018, True, False),
    ("special guardianship", "episodes", "REC", "E46", 2018, False, True),
    ("custody", "episodes", "REASON_PLACE_CHANGE", "CUSTOD", 2018, False, True),
    ("apprenticeships", "oc3", "ACTIV", "F3", 2021, True, False),
    ("apprenticeships", "oc3", "ACTIV", "P5", 2021, False, True),
    ("sex", "header", "SEX", "1", 2024, True, False),
    ("sex", "header", "SEX", "M", 2024, False, True),
    ("semi-independent", "episodes", "PLACE", "H5", 2024, True, False),
    ("independent living", "episodes", "PLACE", "P2", 2024, True, False),
    ("supported accommodation", "episodes", "PLACE", "K3", 2024, False, True),
    ("other placements", "episodes", "PLACE", "Z11", 2025, False, True),
]


@pytest.mark.parametrize(("what", "table", "heading", "code", "last", "before", "after"), CHANGES)
def test_a_code_of_another_year_is_kept_and_noted(
    home: Home,
    landing: Path,
    what: str,
    table: str,
    heading: str,
    code: str,
    last: int,
    before: bool,
    after: bool,
) -> None:
    """A file of the year before and one of the year after each change: nothing is lost, and the other year's code is noted."""
    del what
    field = next(f for f in CONTRACTS[KEY].by_table[table].fields if f.headers[0] == heading)
    for year in (last, last + 1):
        child = {"CHILD": "A1", "SEX": "M" if year > 2024 else "1", "DOB": "01/06/2004", "ETHNIC": "WBRI"}
        episode = {"CHILD": "A1", "DECOM": f"01/09/{year - 1}", "RNE": "S", "LS": "V2", "CIN": "N1", "PLACE": "U6",
                   "PLACE_PROVIDER": "PR1", "DEC": f"01/02/{year}", "REC": "X1", "REASON_PLACE_CHANGE": "OTHER"}  # fmt: skip
        leaver = {"CHILD": "A1", "DOB": "01/06/2004", "IN_TOUCH": "YES", "ACTIV": "F1", "ACCOM": "B1"}
        whole = {"header": [child], "episodes": [episode], "oc3": [leaver]}
        whole[table][0][heading] = code
        put_set(landing, whole, f"{year - 1}-{year % 100:02d}", folder=str(year))
    reports = run(landing, home)
    assert [r.status for r in reports] == ["accepted", "accepted"]
    stored = {r[field.name] for r in raw(home, table)}
    assert stored == {CONTRACTS.codelists[str(field.codelist)].stored()[code.casefold()]}, (
        "kept in both years"
    )
    noted = {
        row["period"]
        for path in home.pipeline("quality_results").glob("*.parquet")
        for row in pq.read_table(path).to_pylist()
        if row["rule_id"] == f"ssda903.{table}.{field.name}.codelist_year" and row["failed"]
    }
    years = {True: set(), False: set()}
    years[before].add(f"{last - 1}-{last % 100:02d}")
    years[after].add(f"{last}-{(last + 1) % 100:02d}")
    assert noted == years[False]


@pytest.mark.parametrize(("table", "first", "rows"), [
    ("sw_episodes", 2024, [{"CHILD": "A1", "DOB": "01/06/2014", "SW_ID": "SW12345", "SW_DECOM": "{d}", "SW_DEC": "", "SW_REASON": "FCONTA"}]),
    ("dolo", 2027, [{"CHILD": "A1", "DOB": "01/06/2014", "DOLO_START": "{d}", "DOLO_END": ""}]),
])  # fmt: skip
def test_a_table_is_taken_from_the_year_that_has_it(
    home: Home, landing: Path, table: str, first: int, rows: list[dict[str, str]]
) -> None:
    for year in (first - 1, first):
        sex = "M" if year > 2024 else "1"
        episode = {"CHILD": "A1", "DECOM": f"01/09/{year - 1}", "RNE": "S", "LS": "V2", "CIN": "N1", "PLACE": "U6",
                   "PLACE_PROVIDER": "PR1", "DEC": f"01/02/{year}", "REC": "E4A", "REASON_PLACE_CHANGE": ""}  # fmt: skip
        own = [{k: v.format(d=f"02/09/{year - 1}") for k, v in r.items()} for r in rows]
        header = [{"CHILD": "A1", "SEX": sex, "DOB": "01/06/2014", "ETHNIC": "WBRI"}]
        put_set(
            landing,
            {"header": header, "episodes": [episode], table: own},
            f"{year - 1}-{year % 100:02d}",
            folder=str(year),
        )
    before, after = run(landing, home)
    assert (before.tables[table].accepted, before.tables[table].rejected) == (0, 1), (
        "said, not silently left out"
    )
    assert (after.tables[table].accepted, after.tables[table].rejected) == (1, 0)
    assert len(raw(home, table)) == 1
