"""Plain English for what a contract says: formats, kinds, severities, deadlines. Shared by the documents made from it.

Lives here: words. One place, so that the dictionary, the specification and the template say the same.
Add here: words for a new field type, treatment or cadence.
Must not live here: layout of a document; anything that decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from ingest.calendar import Period
from ingest.contract import (
    CODE_SEPARATOR,
    Delivery,
    Extract,
    FieldSpec,
    FieldType,
    Severity,
    Table,
    Treatment,
)

CADENCE = {
    "month": "every month",
    "quarter": "every quarter",
    "term": "every term",
    "financial_year": "once a year (April to March)",
    "academic_year": "once a school year (September to August)",
    "workforce_year": "once a year (October to September)",
    "vintage": "when it is published",
}
PERIOD = {
    "month": "month",
    "quarter": "quarter",
    "term": "term",
    "financial_year": "year to 31 March",
    "academic_year": "school year",
    "workforce_year": "year to 30 September",
    "vintage": "publication",
}
#: An example of each period's id, as file names carry it.
PERIOD_ID = {
    "month": "2025-04",
    "quarter": "2025-26-Q1",
    "term": "2024-25-T3",
    "financial_year": "2024-25",
    "academic_year": "2024-25",
    "workforce_year": "2023-24",
    "vintage": "2025",
}
SUFFIX = {"csv": "csv", "csv_set": "csv", "xlsx": "xlsx", "xml": "xml", "json": "json"}
KIND = {
    FieldType.string: "text",
    FieldType.integer: "whole number",
    FieldType.decimal: "number",
    FieldType.date: "date",
    FieldType.timestamp: "date and time",
    FieldType.boolean: "yes or no",
    FieldType.code: "code",
    FieldType.figure: "figure or symbol",
}
TREATMENT = {
    Treatment.keep: "Kept.",
    Treatment.identity: "Goes to the locked identity store only, to recognise the same child.",
    Treatment.month: "Kept as month and year; the full date goes to the locked identity store only.",
    Treatment.district: "Kept as the council district; the full postcode goes to the locked identity store only.",
    Treatment.pseudonym: "Kept as a keyed pseudonym, so that two returns can be compared; the number itself is forgotten.",
    Treatment.drop: "Read for checks at most, then forgotten. Never stored.",
}
CONSEQUENCE = {
    Severity.block_file: "The whole file is refused.",
    Severity.reject_row: "The row is left out until it is mended.",
    Severity.warn: "The row is kept and the problem is listed.",
    Severity.note: "For information.",
}
_DIRECTIVES = {
    "%d": "dd",
    "%m": "mm",
    "%Y": "yyyy",
    "%H": "hh",
    "%M": "mm",
    "%S": "ss",
    "%b": "mmm",
    "%y": "yy",
}


def date_format(pattern: str) -> str:
    """A strptime format as people write it: %d/%m/%Y %H:%M -> dd/mm/yyyy hh:mm."""
    for directive, words in _DIRECTIVES.items():
        pattern = pattern.replace(directive, words)
    return pattern


def how_written(field: FieldSpec) -> str:
    """How a value of the field is written, in a few words."""
    parts = [f"{digits(field)} digits" if digits(field) else KIND[field.type]]
    if field.formats:
        parts.append("as " + " or ".join(date_format(f) for f in field.formats))
    if field.type is FieldType.boolean:
        parts.append("1 or 0")
    if field.checksum:
        parts.append(
            "with a valid check digit" if field.checksum == "nhs_number" else "with a valid check letter"
        )
    if field.min is not None and field.max is not None:
        parts.append(f"{field.min:g} to {field.max:g}")
    if field.max_length:
        parts.append(f"at most {field.max_length} characters")
    return ", ".join(parts)


def several(field: FieldSpec) -> str:
    """What a sender needs to know of a cell that may hold several codes; empty for any other."""
    return f"; where there are several, put {CODE_SEPARATOR} between them" if field.split else ""


def digits(field: FieldSpec) -> int:
    """How many digits the field's pattern asks for (`^[0-9]{6}$`); 0 when the pattern is something else."""
    found = re.fullmatch(r"\^\[0-9\]\{(\d+)\}\$", field.pattern or "")
    return int(found[1]) if found else 0


def when_in_layout(field: FieldSpec) -> str:
    if field.since and field.until:
        return f"{field.since} to {field.until}"
    return f"from {field.since}" if field.since else (f"until {field.until}" if field.until else "")


def due(delivery: Delivery) -> str:
    """When a return is due, as one plain sentence."""
    period = PERIOD[delivery.cadence]
    if delivery.due_working_days is not None:
        says = f"{delivery.due_working_days} working days after the end of the {period}"
    elif delivery.due_days > 0:
        says = f"{delivery.due_days} days after the end of the {period}"
    elif delivery.due_days < 0:
        says = f"{-delivery.due_days} days before the end of the {period}"
    else:
        says = f"the last day of the {period}"
    grace = f" Reminders start after {delivery.grace_days} further days." if delivery.grace_days else ""
    return f"Due {says}.{grace}"


def set_stem(table: Table) -> str:
    """What the file name of one table of a set says, by the contract's pattern."""
    return (table.source.file or table.name).replace("*", "").removesuffix(".csv").strip("_- ") or table.name


def file_name(extract: Extract, submitter: str, table: Table | None = None) -> str:
    """The name we ask for; of a set, the name of one table's file. Names help people: what is inside the file decides."""
    period = PERIOD_ID[extract.delivery.cadence]
    of_set = extract.delivery.format == "csv_set"
    stem = set_stem(table or extract.tables[0]) if of_set else extract.extract
    return f"{submitter}_{stem}_{period}.{SUFFIX[extract.delivery.format]}"


def title_line(extract: Extract, period: Period) -> str:
    """The line that heads a workbook: what it is and which period it is for, in a way that the period can be read from."""
    if period.kind in ("quarter", "term"):  # "Q1 2025/26 (April to June 2025)", "summer term 2024/25"
        return f"{extract.title}, {period.label}"
    return f"{extract.title}, {period.kind.replace('_', ' ')} {period.id.replace('-', '/', 1)}"


def matches(extract: Extract, name: str) -> bool:
    """True when a file of that name is recognised outside its folder."""
    lowered = PurePosixPath(name.lower())
    return not extract.delivery.match or any(lowered.match(glob.lower()) for glob in extract.delivery.match)


def sentence(text: str) -> str:
    """First letter capital, one full stop, one line."""
    text = " ".join(text.split())
    return text if not text else text[:1].upper() + text[1:].rstrip(".") + "."


def md_table(head: tuple[str, ...], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; bars inside cells are escaped."""

    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(" ".join(c.split()).replace("|", "\\|") for c in cells) + " |"

    return "\n".join([line(head), "|" + "---|" * len(head), *(line(r) for r in rows)])
