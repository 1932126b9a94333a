"""Files of the size that the goals name. Synthetic: no row is about a real child.

Lives here: making the benchmark's input.
Add here: input for another goal.
Must not live here: measuring.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
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
