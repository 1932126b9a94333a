"""Landing: content before manifest before folder before name; two places that disagree are said; nothing is guessed."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import pytest

from ingest import landing, readers
from ingest.contract import Severity
from ingest.readers.base import Delivery, FileCode, Refused
from tests.support.files import (
    BOARD_ROWS,
    CIN,
    CONTRACTS,
    LA12,
    POLICE,
    SCHOOLS,
    TRAINING,
    TRAINING_HEADER,
    child,
    cin,
    training,
    workbook,
)

DATA = Path(__file__).parents[1] / "data"
POLICE_HEADER = "EpisodeRef,NominalRef,HomeLA,StartDateTime,ReportedDateTime,LocatedDateTime,RiskGrade,Forename,Surname,DOB"
LA12_HEADER = "MissingID,LA,ChildID,UPN,NHSNumber,DOB,Sex,Ethnicity,InCare,Type,StartDateTime,ReturnDateTime,RHIOffered,Theme"


def put(root: Path, name: str, data: str | bytes, manifest: object = None) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    if manifest is not None:
        (path.parent / "_manifest.json").write_text(
            manifest if isinstance(manifest, str) else json.dumps(manifest)
        )
    return path


def only(root: Path) -> Delivery:
    found = landing.discover(root, CONTRACTS)
    assert len(found) == 1
    return found[0]


def resolved(delivery: Delivery) -> landing.Resolved:
    extract = CONTRACTS[delivery.key or ""]
    return landing.resolve(readers.read(delivery, extract, CONTRACTS), delivery, extract, CONTRACTS)


def police(day: str = "14/04/2025", rows: int = 3) -> str:
    lines = [f"E{n},N{n},860,{day} 10:00,{day} 11:00,,HIGH,A,B,01/02/2012" for n in range(rows)]
    return "\n".join([POLICE_HEADER, *lines]) + "\n"


def la12(la: str = "860") -> str:
    row = f"M1,{la},C1,,,01/02/2012,M,WBRI,1,M,03/05/2025 21:15,04/05/2025 03:00,1,CSE"
    return f"{LA12_HEADER}\n{row}\n"


# --- discovery ------------------------------------------------------------------------------------------------------------


def test_a_home_folder_gives_one_delivery_a_file_and_one_a_set(tmp_path: Path) -> None:
    put(tmp_path, f"{POLICE}/staffordshire_police/2025-04/missing.csv", police())
    put(tmp_path, f"{CIN}/staffordshire/2024-25/a.xml", cin(child(1)))
    put(tmp_path, f"{CIN}/staffordshire/2024-25/b.xml", cin(child(2)))
    found = landing.discover(tmp_path, CONTRACTS)
    assert [(d.key, d.path_submitter, d.path_period, len(d.files)) for d in found] == [
        (CIN, "staffordshire", "2024-25", 1),
        (CIN, "staffordshire", "2024-25", 1),
        (POLICE, "staffordshire_police", "2025-04", 1),
    ]


def test_discovery_is_the_same_whatever_the_order_on_disk(tmp_path: Path) -> None:
    for names in (("b", "a", "c"), ("c", "b", "a")):
        root = tmp_path / "".join(names)
        for name in names:
            put(root, f"{name}/training_{name}.csv", training(2))
    first, second = (
        [(d.root.name, d.sha256) for d in landing.discover(tmp_path / n, CONTRACTS)] for n in ("bac", "cba")
    )
    assert first == second == sorted(first)


def test_the_sample_returns_are_recognised_by_content(tmp_path: Path) -> None:
    for path in (DATA / "cin_census").glob("*.xml"):
        put(tmp_path, f"whatever/{path.stem}_2019_20200331.xml", path.read_bytes())
    put(
        tmp_path,
        "whatever/other.xml",
        "<Message><Header><CollectionDetails><Collection>SSDA903</Collection>"
        "</CollectionDetails></Header></Message>",
    )
    found = landing.discover(tmp_path, CONTRACTS)
    assert [d.key for d in found].count(CIN) == 4
    assert [d.files[0].name for d in found if d.key is None] == ["other.xml"]
    assert {resolved(d).period.id for d in found if d.key} == {"2021-22", "2022-23", "2023-24"}
    assert {resolved(d).submitter for d in found if d.key} == {"sample_authority"}


def test_files_of_a_set_lying_anywhere_are_one_delivery(tmp_path: Path) -> None:
    header = "time_period,time_identifier,geographic_level,country_code,country_name,region_code,region_name,old_la_code,new_la_code,la_name,category"
    put(
        tmp_path,
        "published/d3_cpps_subsequent_plan_2013_to_2025.csv",
        f"{header},CPP_start,CPP_subsequent,CPP_subsequent_percent\n2025,Reporting year,National,E92000001,England,,,,,,All,1,2,c\n",
    )
    put(
        tmp_path,
        "published/d2_cpps_starting.csv",
        f"{header},CPP_start,Neglect_Initial\n2024,Reporting year,National,E92000001,England,,,,,,All,1,2\n",
    )
    put(tmp_path, "published/unknown.csv", "a,b\n1,2\n")
    found = landing.discover(tmp_path, CONTRACTS)
    assert [(d.key, len(d.files)) for d in found] == [("published/dfe_child_protection", 2), (None, 1)]


def test_what_is_never_a_delivery_is_passed_over(tmp_path: Path) -> None:
    for name in (
        ".hidden.csv",
        "up.csv.part",
        "schema.xsd",
        "README.md",
        "~$book.xlsx",
        "_manifest.json",
        ".git/x.csv",
        "x.TMP",
    ):
        put(tmp_path, name, "x")
    assert landing.discover(tmp_path, CONTRACTS) == []


def test_an_unrecognised_file_is_listed_by_name_with_a_reason(tmp_path: Path) -> None:
    put(tmp_path, "holiday.csv", "a,b\n1,2\n")
    put(tmp_path, "training_photos.csv", "a,b\n1,2\n")
    assert [(d.key, d.why) for d in landing.discover(tmp_path, CONTRACTS)] == [
        (None, "no contract has a file of that name"),
        (None, "the name is that of a return but its column names are not"),
    ]


def test_links_and_pipes_are_refused_unread(tmp_path: Path) -> None:
    secret = put(tmp_path, "outside/secret.csv", training(1))
    folder = tmp_path / "landing" / TRAINING / "partnership_office" / "2025-26-Q1"
    folder.mkdir(parents=True)
    (folder / "link.csv").symlink_to(secret)
    (folder / "folder.csv").symlink_to(secret.parent, target_is_directory=True)
    os.mkfifo(folder / "pipe.csv")
    found = landing.discover(tmp_path / "landing", CONTRACTS)
    assert {d.refusal for d in found} == {FileCode.FILE_NOT_REGULAR}
    assert len(found) == 3
    for one in found:
        with pytest.raises(Refused):
            readers.read(one, CONTRACTS[TRAINING], CONTRACTS)


def test_the_fingerprint_is_the_contents_not_the_names(tmp_path: Path) -> None:
    put(tmp_path, "one/training_a.csv", training(2))
    put(tmp_path, "two/training_b.csv", training(2))
    put(tmp_path, "three/training_a.csv", training(3))
    found = {d.root.name: d.sha256 for d in landing.discover(tmp_path, CONTRACTS)}
    assert found["one"] == found["two"] != found["three"]


def test_original_and_resubmission_in_one_folder_are_two_deliveries(tmp_path: Path) -> None:
    # A peer let one silently overwrite the other, by directory order.
    folder = f"{CIN}/staffordshire/2024-25"
    put(tmp_path, f"{folder}/return.xml", cin(child(1)))
    put(tmp_path, f"{folder}/return_corrected.xml", cin(child(1) + child(2)))
    found = landing.discover(tmp_path, CONTRACTS)
    assert [resolved(d).period.id for d in found] == ["2024-25", "2024-25"]
    assert len({d.sha256 for d in found}) == 2


def test_two_different_files_for_one_table_of_a_set_are_refused_by_name(tmp_path: Path) -> None:
    for name, rows in (("sn_model_2025_wide.csv", 1), ("sn_model_2025_copy_wide.csv", 2)):
        put(
            tmp_path,
            name,
            "old_la_code,la_name,region_ind,region_name,SN_1,SN_1P,SN_2,SN_2P,SN_3,SN_3P,SN_4,SN_4P\n"
            + "301,B,3,L,1,C,2,C,3,C,4,C\n" * rows,
        )
    one = only(tmp_path)
    with pytest.raises(Refused) as refused:
        readers.read(one, CONTRACTS[one.key or ""], CONTRACTS)
    assert refused.value.code is FileCode.FILE_TWICE


# --- manifests ------------------------------------------------------------------------------------------------------------


def test_the_manifest_says_when_it_was_received(tmp_path: Path) -> None:
    put(tmp_path, "training.csv", training(1), {"received_at": "2025-05-09T08:12:00+01:00"})
    assert only(tmp_path).received_at == dt.datetime(2025, 5, 9, 7, 12)


def test_without_a_manifest_the_files_time_counts(tmp_path: Path) -> None:
    path = put(tmp_path, "training.csv", training(1))
    os.utime(path, (1_750_000_000, 1_750_000_000))
    assert only(tmp_path).received_at == dt.datetime(2025, 6, 15, 15, 6, 40)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"files": []}', '{"period": 3}', '{"submission_no": "x"}', "[" * 5000, "\xff"]
)
def test_a_broken_manifest_refuses_what_it_covers(tmp_path: Path, text: str) -> None:
    put(tmp_path, "training.csv", training(1), text)
    assert only(tmp_path).refusal is FileCode.MANIFEST_MALFORMED


def test_a_set_is_incomplete_until_every_file_of_its_manifest_is_there(tmp_path: Path) -> None:
    put(
        tmp_path,
        "d2_x.csv",
        "time_period,geographic_level,country_code,country_name,region_code,region_name,old_la_code,new_la_code,la_name,category,CPP_start,Neglect_Initial,Physical_Initial,Sexual_Initial,Emotional_Initial\n2024,N,E,E,,,,,,A,1,1,1,1,1\n",
        {"files": {"d2_x.csv": {}, "d3_y.csv": {}}},
    )
    assert only(tmp_path).refusal is FileCode.FILE_INCOMPLETE


# --- period and sender ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cin_census_2024_20240701.xml", "episodes_20200331.xml", "cin 1999.xml"])
def test_the_year_is_never_guessed_from_a_file_name(tmp_path: Path, name: str) -> None:
    put(tmp_path, f"{CIN}/staffordshire/x/{name}", cin(child(1)))
    found = resolved(only(tmp_path))
    assert (found.period.id, found.submitter, found.problems) == ("2024-25", "staffordshire", ())


@pytest.mark.parametrize(("year", "period"), [(2019, "2018-19"), (2031, "2030-31")])
def test_a_year_without_a_schema_is_read_all_the_same(tmp_path: Path, year: int, period: str) -> None:
    put(
        tmp_path,
        f"{CIN}/staffordshire/x/cin.xml",
        cin(child(1)).replace("2025-03-31", f"{year}-03-31").replace(">2025<", f">{year}<"),
    )
    assert resolved(only(tmp_path)).period.id == period


def test_the_rows_decide_over_manifest_and_folder_and_the_difference_is_said(tmp_path: Path) -> None:
    put(tmp_path, f"{POLICE}/staffordshire_police/2025-06/missing.csv", police(), {"period": "2025-05"})
    found = resolved(only(tmp_path))
    assert found.period.id == "2025-04"
    assert [(p.code, p.severity) for p in found.problems] == [(FileCode.FILE_PERIOD, Severity.warn)]


@pytest.mark.parametrize(
    "day", ["14/04/2025", "2025-04-14", "45761", "45761.0", "'14/04/2025", " 14/04/2025"]
)
def test_a_day_is_a_day_however_it_is_written(tmp_path: Path, day: str) -> None:
    put(tmp_path, f"{POLICE}/staffordshire_police/x/missing.csv", police(day))
    assert resolved(only(tmp_path)).period.id == "2025-04"


def test_most_rows_decide_the_period(tmp_path: Path) -> None:
    text = police("30/04/2025", 2) + "".join(police("01/05/2025", 3).split("\n", 1)[1:])
    put(tmp_path, f"{POLICE}/staffordshire_police/x/missing.csv", text)
    assert resolved(only(tmp_path)).period.id == "2025-05"


def test_an_empty_return_takes_its_period_from_the_manifest_or_the_folder(tmp_path: Path) -> None:
    put(tmp_path, f"{TRAINING}/partnership_office/2025-26-Q1/training.csv", TRAINING_HEADER + "\n")
    assert resolved(only(tmp_path)).period.id == "2025-26-Q1"


def test_no_period_anywhere_is_refused_not_guessed(tmp_path: Path) -> None:
    put(tmp_path, f"{TRAINING}/partnership_office/upload/training_2025.csv", TRAINING_HEADER + "\n")
    with pytest.raises(Refused) as refused:
        resolved(only(tmp_path))
    assert refused.value.code is FileCode.FILE_PERIOD


def test_a_workbooks_title_says_the_school_year(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["Return, academic year 2024/25"],
        ["URN", "LAESTAB", "LA", "Role", "Submitted", "Version"],
        [123456, 1, 860, "DSL", "04/03/2025 09:00", 1],
    ]
    put(
        tmp_path,
        f"{SCHOOLS}/stoke_on_trent_education/x/return.xlsx",
        workbook({"Returns": rows, "Responses": BOARD_ROWS[:0]}),
    )
    read = readers.read(only(tmp_path), CONTRACTS[SCHOOLS], CONTRACTS)
    assert [(p.code, p.severity) for p in read.problems if p.table == "responses"] == [
        (FileCode.FILE_EMPTY, Severity.block_file)
    ]
    found = resolved(only(tmp_path))
    assert (found.period.id, found.submitter) == ("2024-25", "staffordshire_education")
    assert [p.severity for p in found.problems if p.code is FileCode.FILE_SUBMITTER] == [Severity.block_file]


def test_another_authoritys_file_in_a_councils_folder_is_blocked(tmp_path: Path) -> None:
    put(tmp_path, f"{LA12}/stoke_on_trent/2025-26-Q1/missing.csv", la12("860"))
    found = resolved(only(tmp_path))
    assert found.submitter == "staffordshire"
    assert [(p.code, p.severity) for p in found.problems] == [(FileCode.FILE_SUBMITTER, Severity.block_file)]


@pytest.mark.parametrize("la", ["999", "Staffs"])
def test_a_sender_that_nobody_knows_is_refused_whatever_the_folder(tmp_path: Path, la: str) -> None:
    put(tmp_path, f"{LA12}/staffordshire/2025-26-Q1/missing.csv", la12(la))
    with pytest.raises(Refused) as refused:
        resolved(only(tmp_path))
    assert refused.value.code is FileCode.FILE_SUBMITTER
    assert la not in str(refused.value)


def test_a_census_of_an_unknown_authority_is_refused(tmp_path: Path) -> None:
    put(tmp_path, f"{CIN}/staffordshire/x/cin.xml", cin(child(1)).replace("<LEA>860<", "<LEA>999<"))
    with pytest.raises(Refused):
        resolved(only(tmp_path))


def test_one_broken_file_does_not_stop_another(tmp_path: Path) -> None:
    put(tmp_path, f"{CIN}/staffordshire/x/bad.xml", "<Message>")
    put(tmp_path, f"{CIN}/staffordshire/x/good.xml", cin(child(1)))
    bad, good = landing.discover(tmp_path, CONTRACTS)
    with pytest.raises(Refused):
        readers.read(bad, CONTRACTS[CIN], CONTRACTS)
    assert readers.read(good, CONTRACTS[CIN], CONTRACTS).tables["children"].data.num_rows == 1
