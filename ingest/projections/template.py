"""Contract -> an empty file that a sender can fill in: workbook, CSV with one example row, or XML skeleton.

Lives here: the three kinds of template, byte for byte the same each time.
Add here: the template of a new delivery format.
Must not live here: columns that an agreement prohibits; real data.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import zipfile
from typing import Any

import xlsxwriter
from lxml import etree
from xlsxwriter.format import Format

from ingest.agreement import Agreements
from ingest.contract import Contracts, Extract, FieldSpec, FieldType, Table
from ingest.projections.dictionary import may_be_sent
from ingest.projections.example import example_period, example_row, example_title
from ingest.projections.wording import CADENCE, how_written, sentence, set_stem, several

Element = Any  # lxml calls its own class private

#: A fixed day, or the same contracts would make other bytes tomorrow.
CREATED = dt.datetime(2025, 1, 1)  # noqa: DTZ001 - workbooks know no time zone


def template(
    contracts: Contracts, key: str, agreements: Agreements | None = None
) -> tuple[str, str | bytes] | None:
    """(suffix, content) of the extract's template; None for open data, which nobody fills in."""
    extract = contracts[key]
    if extract.licence:
        return None
    if extract.delivery.format == "xlsx":
        return "xlsx", _workbook(contracts, extract, agreements)
    if extract.delivery.format == "xml":
        return "xml", _skeleton(contracts, extract, agreements)
    if extract.delivery.format == "json":
        return "json", _object(contracts, extract, agreements)
    return "csv", _csv(contracts, extract, extract.tables[0], agreements)


def template_files(
    contracts: Contracts, key: str, agreements: Agreements | None = None
) -> dict[str, str | bytes]:
    """File name -> content of everything that a sender is handed: one file, or a folder with one file a table of a set."""
    made = template(contracts, key, agreements)
    if made is None:
        return {}
    extract, name = contracts[key], key.replace("/", "__")
    if extract.delivery.format != "csv_set":
        return {f"{name}.{made[0]}": made[1]}
    layout = extract.at(example_period(extract).year)
    return {f"{name}/{set_stem(t)}.csv": _csv(contracts, extract, t, agreements) for t in layout.tables}


def template_fields(extract: Extract, table: Table, agreements: Agreements | None) -> list[FieldSpec]:
    """The fields that a sender is asked for: this year's layout without what the agreement does not allow."""
    year = example_period(extract).year
    return [
        f
        for f in table.fields
        if f.in_layout(year) and may_be_sent(agreements, extract.key, table.name, f.name)
    ]


def _csv(contracts: Contracts, extract: Extract, table: Table, agreements: Agreements | None) -> str:
    fields = template_fields(extract, table, agreements)
    row = example_row(contracts, extract, table)
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\r\n", delimiter=extract.delivery.delimiter)
    writer.writerow([_heading(f) for f in fields])
    if row is not None:
        writer.writerow([row[f.name] for f in fields])
    return sink.getvalue()


def _workbook(contracts: Contracts, extract: Extract, agreements: Agreements | None) -> bytes:
    sink = io.BytesIO()
    book = xlsxwriter.Workbook(sink, {"in_memory": True})
    book.set_properties(
        {"title": extract.title, "comments": "Generated from contracts; do not edit.", "created": CREATED}
    )
    styles = {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "group": book.add_format(
            {"bold": True, "bg_color": "#1D3557", "font_color": "#FFFFFF", "align": "center"}
        ),
        "head": book.add_format(
            {"bold": True, "bg_color": "#DCE6F2", "border": 1, "text_wrap": True, "valign": "top"}
        ),
        "text": book.add_format({"num_format": "@"}),
        "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
    }
    title = example_title(extract)
    for table in extract.tables:
        _sheet(book, styles, contracts, extract, table, template_fields(extract, table, agreements), title)
    _help_sheet(book, styles, contracts, extract, agreements)
    book.close()
    return _stored(sink.getvalue())


def _stored(workbook: bytes) -> bytes:
    """The workbook without compression: compressed bytes differ between builds of zlib, and a test compares them."""
    sink = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook)) as packed,
        zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as plain,
    ):
        for name in sorted(packed.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            plain.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), packed.read(name))
    return sink.getvalue()


def _sheet(
    book: xlsxwriter.Workbook,
    styles: dict[str, Format],
    contracts: Contracts,
    extract: Extract,
    table: Table,
    fields: list[FieldSpec],
    title: str,
) -> None:
    sheet = book.add_worksheet(table.source.sheet or table.title)
    first = 2 if title else 0
    if title:
        sheet.write(0, 0, title, styles["title"])
    last = first + table.source.header_rows - 1
    if table.source.header_rows > 1:
        sheet.merge_range(first, 0, first, len(fields) - 1, table.title, styles["group"])
    row = example_row(contracts, extract, table)
    for column, field in enumerate(fields):
        sheet.write(last, column, _heading(field), styles["head"])
        if row is not None:
            sheet.write_string(last + 1, column, row[field.name], styles["text"])
        if field.codelist and not field.split:  # Excel's lists take one value a cell
            codes = [c.code for c in contracts.codelists[field.codelist].codes]
            if len(",".join(codes)) <= 255:  # Excel's limit for a list written in the cell
                sheet.data_validation(
                    last + 1,
                    column,
                    last + 5000,
                    column,
                    {"validate": "list", "source": codes, "error_type": "warning"},
                )
    sheet.set_column(
        0, len(fields) - 1, 20, styles["text"]
    )  # text: Excel must not turn codes into numbers or dates
    sheet.freeze_panes(last + 1, 1)


def _help_sheet(
    book: xlsxwriter.Workbook,
    styles: dict[str, Format],
    contracts: Contracts,
    extract: Extract,
    agreements: Agreements | None,
) -> None:
    sheet = book.add_worksheet("How to fill in")
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 2, 60, styles["wrap"])
    sheet.write(0, 0, f"{extract.code} {extract.title}", styles["title"])
    sheet.write(
        1,
        0,
        f"Sent {CADENCE[extract.delivery.cadence]}. The first row of each sheet is a made-up example: delete it.",
    )
    at = 3
    for column, words in enumerate(("Heading", "What it means", "How to write it")):
        sheet.write(at, column, words, styles["head"])
    for table in extract.tables:
        for field in template_fields(extract, table, agreements):
            at += 1
            written = how_written(field)
            if field.type is FieldType.code and field.codelist:
                written = "; ".join(
                    f"{c.code} = {c.label}" for c in contracts.codelists[field.codelist].codes
                ) + several(field)
            for column, words in enumerate((_heading(field), sentence(field.label), written)):
                sheet.write_string(at, column, words)


def _skeleton(contracts: Contracts, extract: Extract, agreements: Agreements | None) -> str:
    root = etree.Element(extract.delivery.xml_root or "Root")
    period = example_period(extract)
    submitter = contracts.submitter(extract.submitters[0])
    for path, value in extract.delivery.xml_marker.items():
        _path(root, path).text = value
    for origin in extract.delivery.period_from:
        if origin.kind == "xml" and origin.path:
            leaf = origin.path.rsplit("/", 1)[-1]
            _path(root, origin.path).text = str(period.year) if leaf == "Year" else period.end.isoformat()
    for origin in extract.delivery.submitter_from:
        if origin.kind == "xml" and origin.path:
            _path(root, origin.path).text = submitter.la_code or submitter.name
    year = period.year
    for table in extract.at(year).tables:
        row = example_row(contracts, extract, table)
        if row is None:
            continue
        place = _path(root, table.source.element or table.name)
        for field in template_fields(extract, table, agreements):
            header = _heading(field)
            target = place if header == "." else _path(place, header)
            target.text = row[field.name] or None
            if row[field.name] == "" and target is not place:
                _drop(target)
    etree.indent(root, "  ")
    note = "<!-- Generated from contracts; do not edit. One made-up child; the DfE's schema says in which order elements stand. -->"
    return f"{note}\n{etree.tostring(root, encoding='unicode')}\n"


def _object(contracts: Contracts, extract: Extract, agreements: Agreements | None) -> str:
    """One made-up record in the layout, as the object that holds the list."""
    period, submitter = example_period(extract), contracts.submitter(extract.submitters[0])
    outer: dict[str, Any] = {"_note": "Generated from contracts; do not edit. One made-up child."}
    for origin in (*extract.delivery.period_from, *extract.delivery.submitter_from):
        if origin.kind == "json" and origin.path:
            of_sender = origin in extract.delivery.submitter_from
            outer[origin.path] = (
                (submitter.la_code or submitter.name) if of_sender else period.end.isoformat()
            )
    for table in extract.at(period.year).tables:
        row = example_row(contracts, extract, table)
        if row is None:
            continue
        *groups, last = (table.source.element or table.name).split("/")
        holder = outer
        for name in groups:
            below = holder.setdefault(name, {})
            holder = below[0] if isinstance(below, list) else below
        fields = template_fields(extract, table, agreements)
        if [f.headers for f in fields] == [(".",)]:
            holder[last] = [row[fields[0].name]]
            continue
        record: dict[str, Any] = {}
        for field in fields:
            *inner, leaf = _heading(field).split("/")
            target = record
            for name in inner:
                target = target.setdefault(name, {})
            target[leaf] = as_json(field, row[field.name])
        holder[last] = [record]
    return json.dumps(outer, indent=2, ensure_ascii=False) + "\n"


def as_json(field: FieldSpec, text: str | None) -> Any:
    """A value as JSON writes it: numbers and truth without quotation marks, nothing as null."""
    if not text:
        return None
    if field.type is FieldType.boolean and text in ("0", "1", "true", "false"):
        return text in ("1", "true")
    if field.type is FieldType.integer and text.isdecimal():
        return int(text)
    return text


def _path(above: Element, path: str) -> Element:
    for name in path.split("/"):
        found = above.find(name)
        above = etree.SubElement(above, name) if found is None else found
    return above


def _drop(element: Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def _heading(field: FieldSpec) -> str:
    return field.headers[0] if field.headers else field.name
