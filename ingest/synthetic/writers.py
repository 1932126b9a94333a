"""Sent rows as files: the DfE's XML, CSV in every dialect, workbooks as a survey tool exports them. Byte for byte the same.

Lives here: the model of one delivery and how each format is written.
Add here: another dialect or format.
Must not live here: which rows are sent (agencies.py, others.py) or which are faulty (defects.py).
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import xlsxwriter

from ingest.calendar import parse_period
from ingest.contract import Contracts, Extract, FieldType, Table
from ingest.synthetic import calibration as cal
from ingest.synthetic.population import Array


@dataclass
class Style:
    """How a sender's tool writes a file. Rows are the same whatever the style."""

    encoding: str = "utf-8"
    delimiter: str = ","
    title: tuple[str, ...] = ()  # lines above the header
    notes: tuple[str, ...] = ()  # lines below the last row
    totals: bool = False
    headers: dict[str, str] = field(default_factory=dict)  # field -> the header used instead of the first one
    case: str = ""  # "upper" or "lower"
    reverse: bool = False  # columns in another order
    extra: tuple[str, ...] = ()  # columns that the contract does not have
    drop: tuple[str, ...] = ()  # optional columns that this sender leaves out
    ragged: tuple[
        int, ...
    ] = ()  # positions of rows written with an unquoted comma, so that they have a cell too many
    hidden: bool = False  # a workbook with a hidden sheet


@dataclass
class Delivery:
    """One file (or its empty or locked stand-in) with what surrounds it."""

    agency: str
    extract: str
    submitter: str
    period: str
    number: int
    received: dt.datetime
    folder: str
    file: str
    tables: dict[str, pd.DataFrame]
    style: Style = field(default_factory=Style)
    accepted: bool = True
    raw: bytes | None = None  # the file's whole content, when it is not made from rows
    manifest: dict[str, Any] | None = field(default_factory=dict)  # extra entries; None: no manifest at all
    year: int = 0
    repeat: bool = False  # the same content as an earlier delivery
    faults: list[dict[str, Any]] = field(default_factory=list)  # faults of the file, not of a row

    @property
    def key(self) -> str:
        return f"{self.agency}/{self.extract}"

    @property
    def path(self) -> Path:
        return Path(self.agency) / self.extract / self.submitter / self.folder / self.file

    def copy(self, **changes: Any) -> Delivery:
        changes.setdefault("tables", {k: v.copy() for k, v in self.tables.items()})
        changes.setdefault("faults", list(self.faults))
        changes.setdefault("style", replace(self.style))
        return replace(self, **changes)


def write(delivery: Delivery, landing: Path, contracts: Contracts) -> None:
    """Write the file or files and their manifest below `landing`, dated as received."""
    extract = contracts[delivery.key].at(delivery.year)
    folder = (landing / delivery.path).parent
    folder.mkdir(parents=True, exist_ok=True)
    made: list[Path] = []
    listed: dict[str, dict[str, Any]] = {}
    for name, (content, rows) in _files(delivery, extract).items():
        made.append(folder / name)
        made[-1].write_bytes(content)
        listed[name] = {"sha256": hashlib.sha256(content).hexdigest()}
        if rows is not None:
            listed[name]["rows"] = rows
    if delivery.manifest is not None:
        note = {
            "received_at": delivery.received.isoformat(timespec="seconds"),
            "submission_no": delivery.number,
            "files": listed,
            **delivery.manifest,
        }
        made.append(folder / "_manifest.json")
        made[-1].write_text(json.dumps(note, indent=1) + "\n", encoding="utf-8")
    stamp = delivery.received.replace(tzinfo=dt.UTC).timestamp()
    for each in made:
        os.utime(each, (stamp, stamp))


def _files(delivery: Delivery, extract: Extract) -> dict[str, tuple[bytes, int | None]]:
    """File name -> content and, for text, its rows. A set has one file a table; everything else is one file."""
    if delivery.raw is not None:
        return {delivery.file: (delivery.raw, None)}
    tables = extract.by_table
    kind = extract.delivery.format
    if kind == "xml":
        made = census_xml(delivery) if delivery.extract == "cin_census" else flat_xml(delivery, extract)
        return {delivery.file: (made, None)}
    if kind == "json":
        return {delivery.file: (nested_json(delivery, extract), None)}
    if kind == "xlsx":
        return {delivery.file: (workbook(delivery, tables), None)}
    if kind == "csv":
        table = next(iter(tables.values()))
        return {delivery.file: (delimited(delivery, table), len(delivery.tables[table.name]))}
    return {
        set_file(tables[name], delivery): (delimited(delivery, tables[name]), len(frame))
        for name, frame in delivery.tables.items()
    }


def set_file(table: Table, delivery: Delivery) -> str:
    """The name of a table's file in a set: the contract's pattern with the period where it leaves room."""
    pattern = table.source.file or f"*{table.name}*"
    pattern = pattern if pattern.endswith(".csv") else f"{pattern}.csv"
    return pattern.replace("*", f"{delivery.period}_", 1).replace("*", "").replace("_.csv", ".csv")


# --- CSV


def header_of(table: Table, style: Style) -> list[tuple[str, str]]:
    """(field, header) in the order written."""
    pairs = [
        (f.name, style.headers.get(f.name, f.headers[0])) for f in table.fields if f.name not in style.drop
    ]
    if style.case:
        pairs = [(f, h.upper() if style.case == "upper" else h.lower()) for f, h in pairs]
    return pairs[::-1] if style.reverse else pairs


def first_row(style: Style) -> int:
    """The row, counted as in Excel, of the first data row."""
    return len(style.title) + 2


def delimited(delivery: Delivery, table: Table) -> bytes:
    """One CSV file in the sender's dialect."""
    style = delivery.style
    frame = delivery.tables[table.name]
    pairs = header_of(table, style)
    columns = [frame[f].to_numpy(object) if f in frame else np.full(len(frame), "", object) for f, _ in pairs]
    headers = [h for _, h in pairs]
    for i, name in enumerate(style.extra):
        headers.append(name)
        columns.append(np.array([f"W{(r * 7 + i) % 23:02d}" for r in range(len(frame))], dtype=object))
    out = io.StringIO(newline="")
    for line in style.title:
        out.write(line + "\r\n")
    writer = csv.writer(out, delimiter=style.delimiter, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow(headers)
    ragged = set(style.ragged)
    rows = list(zip(*columns, strict=True)) if columns else []
    if not ragged:
        writer.writerows(rows)
    else:
        for i, row in enumerate(rows):
            if i in ragged:  # somebody pasted an address with a comma into a file made by hand
                out.write(
                    style.delimiter.join(
                        [*(str(c).replace(style.delimiter, " ") for c in row), "Flat 2", "The Maltings"]
                    )
                    + "\r\n"
                )
            else:
                writer.writerow(row)
    if style.totals:
        writer.writerow(["Total", str(len(frame)), *[""] * (len(headers) - 2)])
    for line in style.notes:
        out.write(line + "\r\n")
    return out.getvalue().encode(style.encoding)


# --- XML


def _tag(name: str, values: Array, indent: int) -> Array:
    """<name>value</name> on its own line, nothing where the value is blank."""
    joined = "".join(values)
    if "&" in joined or "<" in joined:
        values = (
            pd.Series(values, dtype=object)
            .str.replace("&", "&amp;", regex=False)
            .str.replace("<", "&lt;", regex=False)
            .to_numpy(object)
        )
    text = (" " * indent + f"<{name}>") + values + f"</{name}>\n"
    return np.where(values == "", "", text)


def _block(name: str, inner: Array, indent: int) -> Array:
    return (" " * indent + f"<{name}>\n") + inner + (" " * indent + f"</{name}>\n")


def _join(texts: Array, parent: Array, parents: int) -> Array:
    """The texts of each parent's children, in order, as one text a parent. `parent` is sorted."""
    out = np.full(parents, "", dtype=object)
    if len(texts):
        first = np.flatnonzero(np.r_[True, parent[1:] != parent[:-1]])
        out[parent[first]] = np.add.reduceat(texts.astype(object), first)
    return out


def flat_xml(delivery: Delivery, extract: Extract) -> bytes:
    """A return whose records lie right below the root, as its contract lays them out; elements without a value are left out."""
    marks = {**extract.delivery.xml_marker, **_stated(delivery, extract)}
    root = ET.Element(extract.delivery.xml_root or "Message")
    for path, text in marks.items():
        place = root
        for step in path.split("/"):
            found = place.find(step)
            place = found if found is not None else ET.SubElement(place, step)
        place.text = text
    head = ET.tostring(root, encoding="unicode").removesuffix(f"</{root.tag}>")
    parts: list[str] = []
    for table in extract.tables:
        if (frame := delivery.tables.get(table.name)) is not None:
            leaves = [
                _tag(f.headers[0], frame[f.name].to_numpy(object), 2) for f in table.fields if f.name in frame
            ]
            parts += list(_block(str(table.source.element), np.sum(leaves, axis=0), 1))
    return f"{head}\n{''.join(parts)}</{root.tag}>\n".encode()


def _stated(delivery: Delivery, extract: Extract) -> dict[str, str]:
    """What a file's own head says: the day of the count, its year, the authority's number."""
    number = cal.LA[cal.COUNCILS.index(delivery.submitter)]
    day = parse_period(extract.delivery.cadence, delivery.period).end
    out = {
        o.path: str(day.year) if o.path.endswith("Year") else day.isoformat()
        for o in extract.delivery.period_from
        if o.path
    }
    return out | {o.path: number for o in extract.delivery.submitter_from if o.path}


def nested_json(delivery: Delivery, extract: Extract) -> bytes:
    """Lists in lists as the contract lays them out. Blank is null; numbers and truth are written as JSON writes them."""
    made: dict[str, list[Any]] = {}
    for table in extract.tables:
        frame = delivery.tables.get(table.name)
        if frame is None:
            continue
        named = [f for f in table.fields if f.name in frame]
        columns = [[_json(f.type, v) for v in frame[f.name].to_list()] for f in named]
        if [f.headers[0] for f in named] == ["."]:
            made[table.name] = columns[0]
        else:
            paths = [f.headers[0].split("/") for f in named]
            made[table.name] = [_nested(paths, row) for row in zip(*columns, strict=True)]
        if table.parent is None:
            continue
        step = (
            str(table.source.element)
            .removeprefix(str(extract.by_table[table.parent].source.element))
            .strip("/")
        )
        *inner, last = step.split("/")
        for parent, item in zip(frame["_parent"].to_list(), made[table.name], strict=True):
            place = made[table.parent][parent]
            for name in inner:
                place = place.setdefault(name, {})
            place.setdefault(last, []).append(item)
    first = extract.tables[0]
    outer = {**_stated(delivery, extract), str(first.source.element): made[first.name]}
    return (json.dumps(outer, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def _nested(paths: list[list[str]], row: tuple[Any, ...]) -> dict[str, Any]:
    record: dict[str, Any] = {}
    for path, value in zip(paths, row, strict=True):
        place = record
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = value
    return record


def _json(kind: FieldType, text: Any) -> Any:
    if text == "":
        return None
    if kind is FieldType.boolean and text in ("true", "false"):
        return text == "true"
    return int(text) if kind is FieldType.integer and str(text).isdecimal() else text


CIN_FIELDS: Final = {
    "assessments": {
        "assessment_start_date": "AssessmentActualStartDate",
        "assessment_internal_review_date": "AssessmentInternalReviewDate",
        "assessment_authorisation_date": "AssessmentAuthorisationDate",
    },
    "cin_plans": {"cin_plan_start_date": "CINPlanStartDate", "cin_plan_end_date": "CINPlanEndDate"},
    "section47": {
        "s47_start_date": "S47ActualStartDate",
        "icpc_target_date": "InitialCPCtarget",
        "icpc_date": "DateOfInitialCPC",
        "icpc_not_required": "ICPCnotRequired",
    },
    "cp_plans": {
        "cpp_start_date": "CPPstartDate",
        "cpp_end_date": "CPPendDate",
        "initial_category": "InitialCategoryOfAbuse",
        "latest_category": "LatestCategoryOfAbuse",
        "previous_plans": "NumberOfPreviousCPP",
    },
    "pre_proceedings": {
        "pre_proceedings_start_date": "PreProceedingsStartDate",
        "pre_proceedings_end_date": "PreProceedingsEndDate",
    },
}


def census_xml(delivery: Delivery) -> bytes:
    """The children in need census in the DfE's layout of the delivery's year."""
    t = delivery.tables
    year = delivery.year
    n = {k: len(v) for k, v in t.items()}

    def parent(table: str) -> Array:
        return t[table]["_parent"].to_numpy().astype(np.int64)

    def leaves(table: str, indent: int) -> Array:
        texts = [_tag(tag, t[table][f].to_numpy(object), indent) for f, tag in CIN_FIELDS[table].items()]
        return np.sum(texts, axis=0) if n[table] else np.empty(0, object)

    def module(table: str, tag: str, extra: Array | None = None) -> Array:
        if not n.get(table):
            return np.full(n["cin_details"], "", dtype=object)
        inner = leaves(table, 10)
        inner = inner + extra if extra is not None else inner
        return _join(_block(tag, inner, 8), parent(table), n["cin_details"])

    factors = _join(
        _tag("AssessmentFactors", t["assessment_factors"]["factor"].to_numpy(object), 12),
        parent("assessment_factors"),
        n["assessments"],
    )
    factors = np.where(factors == "", "", _block("FactorsIdentifiedAtAssessment", factors, 10))
    reviews = _join(
        _tag("CPPreviewDate", t["cp_reviews"]["review_date"].to_numpy(object), 12),
        parent("cp_reviews"),
        n["cp_plans"],
    )
    reviews = np.where(reviews == "", "", _block("Reviews", reviews, 10))
    d = t["cin_details"]

    def detail(field_name: str, tag: str) -> Array:
        return _tag(tag, d[field_name].to_numpy(object), 8)

    inner = (
        detail("referral_date", "CINreferralDate")
        + detail("referral_source", "ReferralSource")
        + detail("primary_need", "PrimaryNeedCode")
        + detail("closure_date", "CINclosureDate")
        + detail("closure_reason", "ReasonForClosure")
        + detail("initial_cpc_date", "DateOfInitialCPC")
        + module("assessments", "Assessments", factors)
        + module("cin_plans", "CINPlanDates")
        + module("section47", "Section47")
        + detail("referral_nfa", "ReferralNFA")
        + module("cp_plans", "ChildProtectionPlans", reviews)
        + module("pre_proceedings", "PreProceedings")
    )
    details = _join(_block("CINdetails", inner, 6), parent("cin_details"), n["children"])
    c = t["children"]

    def child(field_name: str, tag: str) -> Array:
        return _tag(tag, c[field_name].to_numpy(object), 8)

    identifiers = (
        child("la_child_id", "LAchildID")
        + child("upn", "UPN")
        + child("former_upn", "FormerUPN")
        + child("upn_unknown", "UPNunknown")
        + child("birth_date", "PersonBirthDate")
        + child("expected_birth_date", "ExpectedPersonBirthDate")
        + child("sex", "GenderCurrent" if year < 2025 else "Sex")
        + child("death_date", "PersonDeathDate")
    )
    listed = _join(
        _tag("Disability", t["disabilities"]["disability"].to_numpy(object), 10),
        parent("disabilities"),
        n["children"],
    )
    listed = np.where(listed == "", "", _block("Disabilities", listed, 8))
    whole = _block(
        "Child",
        _block("ChildIdentifiers", identifiers, 6)
        + _block("ChildCharacteristics", child("ethnicity", "Ethnicity") + listed, 6)
        + details,
        4,
    )
    lea = "860" if delivery.submitter == "staffordshire" else "861"
    header = (
        f"<Message>\n  <Header>\n    <CollectionDetails>\n      <Collection>CIN</Collection>\n      <Year>{year}</Year>\n"
        f"      <ReferenceDate>{year}-03-31</ReferenceDate>\n    </CollectionDetails>\n    <Source>\n      <SourceLevel>L</SourceLevel>\n"
        f"      <LEA>{lea}</LEA>\n      <SoftwareCode>Synthetic partnership</SoftwareCode>\n      <Release>ver 1</Release>\n"
        f"      <SerialNo>{delivery.number:03d}</SerialNo>\n      <DateTime>{delivery.received.isoformat(timespec='seconds')}</DateTime>\n"
        "    </Source>\n  </Header>\n  <Children>\n"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n' + header + "".join(whole) + "  </Children>\n</Message>\n"
    ).encode()


def workbook(delivery: Delivery, tables: dict[str, Table]) -> bytes:
    """A workbook as the survey tool or the minutes register exports it."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_numbers": False})
    book.set_properties(
        {"title": "Synthetic", "author": "Synthetic partnership", "created": delivery.received}
    )
    bold = book.add_format({"bold": True})
    for name, table in tables.items():
        frame = delivery.tables[name]
        sheet = book.add_worksheet(table.source.sheet or name)
        row = 0
        for line in delivery.style.title:
            sheet.merge_range(row, 0, row, 5, line, bold)
            row += 1
        pairs = header_of(table, delivery.style)
        if table.source.header_rows == 2:
            row += 1  # a blank line under the title
            _groups(sheet, row, pairs, bold)
            row += 1
        for column, (_, header) in enumerate(pairs):
            sheet.write_string(row, column, header, bold)
        for column, (field_name, _) in enumerate(pairs):
            for i, value in enumerate(frame[field_name].tolist()):
                if isinstance(value, int | float):
                    sheet.write_number(row + 1 + i, column, value)
                elif value != "":
                    sheet.write_string(row + 1 + i, column, value)
        row += len(frame) + 1
        for line in delivery.style.notes:
            row += 1
            sheet.write_string(row, 0, line)
    if delivery.style.hidden:
        book.add_worksheet("Lists").hide()
    book.close()
    return out.getvalue()


def _groups(sheet: Any, row: int, pairs: list[tuple[str, str]], bold: Any) -> None:
    """The upper header row: one merged cell above each group of columns."""

    def group(header: str) -> str:
        if header[:1].isdigit():
            return f"Part {header[0]}"
        return "School" if header in ("URN", "LAESTAB", "LA") else "Return"

    start = 0
    for i in range(1, len(pairs) + 1):
        if i == len(pairs) or group(pairs[i][1]) != group(pairs[start][1]):
            label = group(pairs[start][1])
            if i - start > 1:
                sheet.merge_range(row, start, row, i - 1, label, bold)
            else:
                sheet.write_string(row, start, label, bold)
            start = i


def first_sheet_row(style: Style, header_rows: int) -> int:
    """The row, counted as in Excel, of a sheet's first data row."""
    return len(style.title) + (1 if header_rows == 2 else 0) + header_rows + 1
