"""Files of the size that the goals name. Synthetic: no row is about a real child.

Lives here: making the benchmark's input.
Add here: input for another goal.
Must not live here: measuring.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import xlsxwriter

from ingest.contract import FieldType, load_contracts

HEADER = """<?xml version="1.0" encoding="UTF-8"?>
<Message><Header><CollectionDetails><Collection>CIN</Collection><Year>2025</Year><ReferenceDate>2025-03-31</ReferenceDate>
</CollectionDetails><Source><SourceLevel>L</SourceLevel><LEA>860</LEA><SoftwareCode>Synthetic</SoftwareCode></Source></Header><Children>
"""
CHILD = """<Child><ChildIdentifiers><LAchildID>C{i:07d}</LAchildID><PersonBirthDate>20{y:02d}-{m:02d}-1{d}</PersonBirthDate><Sex>{s}</Sex></ChildIdentifiers>
<ChildCharacteristics><Ethnicity>WBRI</Ethnicity><Disabilities><Disability>NONE</Disability></Disabilities></ChildCharacteristics>
<CINdetails><CINreferralDate>2024-{m:02d}-0{d}</CINreferralDate><ReferralSource>2A</ReferralSource><PrimaryNeedCode>N1</PrimaryNeedCode>
<Assessments><AssessmentActualStartDate>2024-{m:02d}-1{d}</AssessmentActualStartDate><AssessmentAuthorisationDate>2024-{m:02d}-2{d}</AssessmentAuthorisationDate>
<FactorsIdentifiedAtAssessment><AssessmentFactors>3B</AssessmentFactors><AssessmentFactors>16A</AssessmentFactors></FactorsIdentifiedAtAssessment></Assessments><ReferralNFA>0</ReferralNFA></CINdetails></Child>
"""


def cin_xml(path: Path, children: int) -> Path:
    """A census of about 770 bytes a child, every child with a referral, an assessment and two factors."""
    with path.open("w", encoding="utf-8") as out:
        out.write(HEADER)
        for i in range(children):
            out.write(CHILD.format(i=i, y=8 + i % 16, m=1 + i % 12, d=1 + i % 8, s="MF"[i % 2]))
        out.write("</Children></Message>\n")
    return path


def events_csv(path: Path, rows: int) -> Path:
    """Fourteen columns; one row in a hundred breaks a rule."""
    chance = np.random.default_rng(2026)
    days = pd.to_datetime("2024-04-01") + pd.to_timedelta(chance.integers(0, 365, rows), unit="D")
    births = pd.to_datetime("2006-04-01") + pd.to_timedelta(chance.integers(0, 6500, rows), unit="D")
    ends = days + pd.to_timedelta(chance.integers(0, 90, rows), unit="D")
    broken = chance.random(rows) < 0.01
    frame = pd.DataFrame(
        {
            "EventRef": np.char.add("E", np.char.zfill(np.arange(rows).astype(str), 8)),
            "ChildID": np.char.add("C", np.char.zfill(chance.integers(0, rows // 4, rows).astype(str), 7)),
            "NHSNumber": np.where(broken, "9434765910", "9434765919"),
            "DOB": births.strftime("%d/%m/%Y"),
            "Outcome": np.where(broken, "Q", np.array(["A", "B", "C"])[chance.integers(0, 3, rows)]),
            "HappenedOn": days.strftime("%d/%m/%Y"),
            "EndedOn": ends.strftime("%d/%m/%Y"),
            "Score": np.where(broken, 99, chance.integers(0, 41, rows)),
            "Team": np.array(["North", "South", "East"])[chance.integers(0, 3, rows)],
            "Ward": np.char.add("Ward ", chance.integers(0, 90, rows).astype(str)),
            "Kind": np.array(["first", "repeat"])[chance.integers(0, 2, rows)],
            "Cost": chance.integers(0, 100000, rows) / 100,
            "Source": np.array(["phone", "form", "letter"])[chance.integers(0, 3, rows)],
            "NoteCode": np.array(["N1", "N2"])[chance.integers(0, 2, rows)],
        }
    )
    frame.to_csv(path, index=False)
    return path


def annex_a_xlsx(path: Path, rows: int) -> Path:
    """Ofsted's eleven lists with so many rows each: days as days, numbers as numbers, codes as the layout writes them."""
    contracts = load_contracts()
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    first = dt.datetime(2024, 1, 1)
    for table in contracts["council/annex_a"].tables:
        sheet = book.add_worksheet(str(table.source.sheet))
        sheet.write_row(0, 0, [f.headers[0] for f in table.fields])
        codes = {f.name: contracts.codelists[f.codelist].codes for f in table.fields if f.codelist}
        for row in range(1, rows + 1):
            for at, field in enumerate(table.fields):
                if field.type is FieldType.date:
                    sheet.write_datetime(row, at, first + dt.timedelta(days=(row * 7 + at) % 365), day)
                elif field.type in (FieldType.integer, FieldType.decimal):
                    sheet.write_number(row, at, (row + at) % 12)
                elif field.name in codes:
                    sheet.write_string(row, at, codes[field.name][row % len(codes[field.name])].code)
                else:
                    sheet.write_string(row, at, f"V{row:07d}")
    book.close()
    return path


def ssda903(folder: Path, children: int) -> Path:
    """A return of the year to 31 March 2025 as its set of CSV files: 9.7 rows a child, most of them sound, a few of every kind not."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(2026)
    n = children
    ids = np.char.add("C", np.char.zfill(np.arange(n).astype(str), 7))
    births = _days(chance, "2007-06-01", 6000, n)
    dob = pd.Series(births).dt.strftime("%d/%m/%Y").to_numpy()
    sex = np.array(["M", "F"])[np.arange(n) % 2]
    header = pd.DataFrame(
        {
            "CHILD": ids,
            "SEX": sex,
            "DOB": dob,
            "ETHNIC": np.array(["WBRI", "BAFR", "MWBC", "AOTH"])[chance.integers(0, 4, n)],
            "UPN": "UN2",
            "MOTHER": np.where(sex == "F", "0", ""),
            "MC_DOB": "",
        }
    )
    tables = {"header": header, "episodes": _episodes(chance, ids, 4)}

    def some(per_child: float) -> npt.NDArray[np.int64]:
        """Which children have a row, one child several times where there are more rows than children."""
        return np.sort(np.arange(int(per_child * n)) % n)

    def rows(per_child: float, **columns: object) -> pd.DataFrame:
        who = some(per_child)
        given = {k: v(len(who)) if callable(v) else v for k, v in columns.items()}
        return pd.DataFrame({"CHILD": ids[who], "DOB": dob[who], **given})

    def flags(count: int) -> npt.NDArray[np.int64]:
        return chance.integers(0, 2, count)

    def day(count: int) -> pd.Series:
        return pd.Series(_days(chance, "2024-04-02", 340, count)).dt.strftime("%d/%m/%Y")

    tables["reviews"] = rows(2.0, REVIEW=day, REVIEW_CODE="PN1")
    tables["oc2"] = rows(
        0.65,
        SDQ_SCORE=lambda c: chance.integers(0, 41, c), SDQ_REASON="", CONVICTED=0, HEALTH_CHECK="", IMMUNISATIONS=flags,
        TEETH_CHECK=flags, HEALTH_ASSESSMENT=flags, SUBSTANCE_MISUSE=0, INTERVENTION_RECEIVED="", INTERVENTION_OFFERED="",
    )  # fmt: skip
    tables["missing"] = rows(0.5, MISSING="M", MIS_START=day, MIS_END="")
    tables["social_workers"] = rows(
        1.0, SW_ID="SW12345", SW_DECOM="01/04/2024", SW_DEC="", SW_REASON="FCONTA"
    )
    tables["prev_perm"] = rows(0.4, PREV_PERM="Z1", LA_PERM="", DATE_PERM="")
    tables["oc3"] = rows(0.1, IN_TOUCH="YES", ACTIV="F2", ACCOM="U1")
    tables["placed_adoption"] = rows(0.03, DATE_PLACED=day, DATE_PLACED_CEASED="", REASON_PLACED_CEASED="")
    tables["ad1"] = rows(
        0.01, DATE_INT=day, DATE_MATCH=day, FOSTER_CARE=0, NB_ADOPTR=2, SEX_ADOPTR="MF", LS_ADOPTR="L11"
    )
    tables["uasc"] = rows(0.01, SEX="M", DUC="")
    for name, frame in tables.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return folder


def _days(chance: np.random.Generator, first: str, span: int, count: int) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(
        pd.to_datetime(first) + pd.to_timedelta(chance.integers(0, span, count), unit="D")
    )


def _episodes(chance: np.random.Generator, ids: npt.NDArray[np.str_], each: int) -> pd.DataFrame:
    """Four episodes a child, one after the other, the last one open; a placement changes with each."""
    n = len(ids)
    start = _days(chance, "2024-03-01", 60, n).to_numpy()
    parts: list[pd.DataFrame] = []
    for k in range(each):
        begins = start + np.timedelta64(70 * k, "D")
        ends = start + np.timedelta64(70 * (k + 1), "D")
        last = k == each - 1
        parts.append(
            pd.DataFrame(
                {
                    "CHILD": ids, "DECOM": pd.Series(begins).dt.strftime("%d/%m/%Y"), "RNE": "P" if k else "S",
                    "LS": "C2", "CIN": "N1", "PLACE": ("U6", "K2", "U4", "U5")[k % 4], "PLACE_PROVIDER": "PR1",
                    "DEC": "" if last else pd.Series(ends).dt.strftime("%d/%m/%Y"), "REC": "" if last else "X1",
                    "REASON_PLACE_CHANGE": "" if last else "CARPL", "HOME_POST": "ST1 1AA",
                    "PL_POST": np.array([f"ST{k + 2} {d}AB" for d in range(10)])[np.arange(n) % 10],
                    "URN": np.char.add("12345", np.char.zfill((np.arange(n) % 90 + k).astype(str), 2)),
                }
            )
        )  # fmt: skip
    return pd.concat(parts).sort_values(["CHILD", "DECOM"], kind="stable")
