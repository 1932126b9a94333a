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
import pyarrow as pa
import pyarrow.parquet as pq
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


def linkage(folder: Path, people: int = 250_000, new: int = 20_000) -> Path:
    """The identifier store's rows of four agencies about invented children, a month's new rows among them, and the truth.

    `identities.parquet` (four rows a child on average), `submissions.parquet` (s1 is everything before, s2 the new month),
    `truth.parquet` (child_token, agency, person_true, family). Names as often as the packaged model knows them. NHS numbers have
    the leading 9 and right check digits, as the range for tests has.
    """
    from ingest.identity import records, scored
    from ingest.identity.store import SCHEMA

    folder.mkdir(parents=True, exist_ok=True)
    chance, model = np.random.default_rng(2026), scored.packaged()
    child = _children(chance, people, model.forenames.to_pandas(), model.surnames.to_pandas())
    parts = []
    # Who knows how many of the children, and how often the agency has the NHS number.
    for agency, share, known in (
        ("council", 0.9, 0.9),
        ("health", 1.15, 0.95),
        ("police", 0.85, 0.65),
        ("school", 1.1, 0.0),
    ):
        count = round(people * share)
        # Over 1: some children have two pseudonyms (two schools, two services).
        who = np.sort(chance.permutation(np.arange(count) % people))
        parts.append(_sent(chance, child.iloc[who].reset_index(drop=True), agency, known))
    rows = pd.concat(parts, ignore_index=True)
    late = np.zeros(len(rows), dtype=bool)
    late[chance.choice(len(rows), new, replace=False)] = True
    rows["submission_id"] = np.where(late, "s2", "s1")
    rows["child_token"] = rows["local_id"]
    columns = ["submission_id", *records.COLUMNS]
    schema = pa.schema([pa.field("submission_id", pa.string()), *(SCHEMA.field(c) for c in records.COLUMNS)])
    shuffled = rows.sample(frac=1, random_state=2026)
    pq.write_table(
        pa.Table.from_pandas(shuffled.reindex(columns=columns), schema=schema, preserve_index=False),
        folder / "identities.parquet",
    )
    starts = pa.array([dt.date(2025, 5, 1), dt.date(2025, 6, 1)], pa.date32())
    ends = pa.array([dt.date(2025, 5, 31), dt.date(2025, 6, 30)], pa.date32())
    received = pa.array([dt.datetime(2025, 6, 2), dt.datetime(2025, 7, 2)], pa.timestamp("us"))
    sent = {
        "submission_id": ["s1", "s2"],
        "period_start": starts,
        "period_end": ends,
        "received_at": received,
    }
    pq.write_table(pa.table(sent), folder / "submissions.parquet")
    truth = rows[["child_token", "agency", "person_true", "family"]]
    truth.to_parquet(folder / "truth.parquet", index=False)
    return folder


def _children(
    chance: np.random.Generator, n: int, forenames: pd.DataFrame, surnames: pd.DataFrame
) -> pd.DataFrame:
    """Invented children; three in a hundred are twins: everything the same but forename, sex and numbers."""

    def drawn(names: pd.DataFrame) -> npt.NDArray[np.object_]:
        often = names["records"].to_numpy(float)
        return chance.choice(names["name"].to_numpy(object), n, p=often / often.sum())

    digits = chance.choice(10_000_000, n, replace=False)
    child = pd.DataFrame(
        {
            "person_true": np.arange(n).astype(str),
            "family": np.arange(n),
            "forename": drawn(forenames),
            "surname": drawn(surnames),
            "birth_date": _days(chance, "2007-09-01", 6500, n).to_numpy(),
            "sex": chance.choice(["M", "F"], n),
            "postcode": _postcodes(chance, n),
            "nhs_number": _nhs_numbers(digits),
            "upn": _upns(digits),
        }
    )
    second = np.flatnonzero(chance.random(n) < 0.015)
    second = second[second > 0]
    for column in ("family", "surname", "birth_date", "postcode"):
        values = child[column].to_numpy(copy=True)
        values[second] = values[second - 1]
        child[column] = values
    child["is_twin"] = np.isin(np.arange(n), [second, second - 1])
    return child


def _sent(chance: np.random.Generator, child: pd.DataFrame, agency: str, known: float) -> pd.DataFrame:
    """What one agency holds about these children: a few in a hundred are written wrongly, in one way or several."""
    n = len(child)

    def some(share: float) -> npt.NDArray[np.bool_]:
        return chance.random(n) < share

    rows = child.drop(columns="is_twin")
    council = np.where(some(0.25), "stoke", "staffordshire")
    rows["agency"], rows["submitter"] = agency, council if agency == "council" else agency
    rows["local_id"] = np.char.add(f"{agency[0]}", np.char.zfill(np.arange(n).astype(str), 7))
    rows["nhs_number"] = rows["nhs_number"].where(some(known))
    rows["upn"] = rows["upn"].where(some(0.85 if agency in ("council", "school") else 0.0))
    rows["forename"] = np.where(some(0.02), _slip(chance, rows["forename"]), rows["forename"])
    rows["forename"] = np.where(some(0.02), _spelt_otherwise(rows["forename"]), rows["forename"])
    rows["surname"] = np.where(some(0.02), _slip(chance, rows["surname"]), rows["surname"])
    rows["surname"] = rows["surname"].mask(
        some(0.01), rows["surname"].shift(1)
    )  # another name, as after a marriage
    exchanged = some(0.005)
    rows["forename"], rows["surname"] = (
        np.where(exchanged, rows["surname"], rows["forename"]), np.where(exchanged, rows["forename"], rows["surname"]),
    )  # fmt: skip
    born = rows["birth_date"]
    swapped = pd.to_datetime(
        {"year": born.dt.year, "month": born.dt.day.clip(upper=12), "day": born.dt.month}
    )
    rows["birth_date"] = born.mask(some(0.02) & (born.dt.day <= 12), swapped).mask(
        some(0.01), born + pd.Timedelta(days=1)
    )
    rows["postcode"] = rows["postcode"].mask(some(0.06), _postcodes(chance, n)).where(~some(0.03))
    return rows.assign(birth_date=rows["birth_date"].dt.date, former_upn=None, identity_ended_on=None)


def _slip(chance: np.random.Generator, names: pd.Series) -> pd.Series:
    """Two letters after the first exchanged, or one left out."""
    left_out = names.str[:2] + names.str[3:]
    exchanged = names.str[:1] + names.str[2:3] + names.str[1:2] + names.str[3:]
    return left_out.where(chance.random(len(names)) < 0.5, exchanged).where(names.str.len() > 3, names)


def _spelt_otherwise(names: pd.Series) -> pd.Series:
    """A nickname, where the library of nicknames knows one."""
    from nicknames import NickNamer

    namer = NickNamer()
    short = {name: min(namer.nicknames_of(name) or {name}) for name in names.unique()}
    return names.map(short)


def _postcodes(chance: np.random.Generator, n: int) -> npt.NDArray[np.str_]:
    """About 30,000 of them in 37 districts, as many as the county has; whether the post office knows them does not matter here."""
    letters = np.array(list("ABDEFGHJLN"))
    code = chance.integers(0, 30_000, n)
    district = np.char.add("ST", (1 + code % 37).astype(str))
    sector = (code // 37 % 9).astype(str)
    unit = np.char.add(letters[code // 333 % 10], letters[code // 3330 % 10])
    return np.char.add(np.char.add(district, " "), np.char.add(sector, unit))


def _nhs_numbers(digits: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
    """99 and seven digits and the check digit; a number that would have none is missing."""
    nine = np.char.add("99", np.char.zfill(digits.astype(str), 7))
    check = (11 - sum((10 - i) * _digit(nine, i) for i in range(9)) % 11) % 11
    return np.where(check == 10, None, np.char.add(nine, (check % 10).astype(str)).astype(object))


def _upns(digits: npt.NDArray[np.int64]) -> npt.NDArray[np.str_]:
    """The check letter, the council's number and nine digits."""
    twelve = np.char.add("86080", np.char.zfill(digits.astype(str), 7))
    letters = np.array(list("ABCDEFGHJKLMNPQRTUVWXYZ"))
    return np.char.add(letters[sum((i + 2) * _digit(twelve, i) for i in range(12)) % 23], twelve)


def _digit(text: npt.NDArray[np.str_], at: int) -> npt.NDArray[np.int64]:
    return text.view("U1").reshape(len(text), -1)[:, at].astype(np.int64)
