"""Contract -> specification sheet for a sender: what to put in the file, in plain English.

Lives here: the sheet as Markdown.
Add here: a question that senders keep asking.
Must not live here: what only we care about (keys, lakes, tables).
"""

from __future__ import annotations

from ingest.agreement import Agreements
from ingest.calendar import due_on
from ingest.contract import Contracts, Extract, FieldType, Rule, RuleKind, Severity, Table, derived_rules
from ingest.projections.dictionary import may_be_sent
from ingest.projections.example import example_period, example_title
from ingest.projections.wording import (
    CADENCE,
    CONSEQUENCE,
    TREATMENT,
    due,
    file_name,
    how_written,
    md_table,
    sentence,
    several,
    when_in_layout,
)

_FORMAT = {
    "csv": "One CSV file.",
    "csv_set": "A set of CSV files in one folder.",
    "xlsx": "One Excel workbook (.xlsx), without macros and without a password.",
    "json": "One JSON file in the DfE's layout, UTF-8: an object with `la_code` and the list of records, or the bare list.",
    "xml": "One XML file in the DfE's layout, as your case system exports it.",
}
_ENCODING = {
    "utf-8": "UTF-8",
    "cp1252": "Windows-1252 (what Excel on Windows writes as CSV); UTF-8 is fine too",
}
_ORDER = {Severity.block_file: 0, Severity.reject_row: 1, Severity.warn: 2, Severity.note: 3}
#: Said once for all fields rather than once a field.
_SAID_ONCE = {
    RuleKind.readable,
    RuleKind.codelist,
    RuleKind.codelist_year,
    RuleKind.codelist_spelling,
    RuleKind.mended,
    RuleKind.max_length,
}


def specification(contracts: Contracts, key: str, agreements: Agreements | None = None) -> str:
    """The sheet of one extract."""
    extract = contracts[key]
    parts = [f"# {extract.code} {extract.title}: what to send", "", sentence(extract.description), ""]
    if agreements is not None and not any(key in a.flows for a in agreements.values()):
        parts += [
            "**No agreement covers this return yet: do not send it.** Until one does, a file is refused unread.",
            "",
        ]
    if extract.no_breakdown:
        parts += [
            "The counts are so small that no figure of this return is ever shown below the whole partnership, or by any group.",
            "",
        ]
    parts += _basics(contracts, extract)
    for table in extract.tables:
        parts += _table(contracts, extract, table, agreements)
    parts += _codes(contracts, extract)
    parts += [
        "## What happens next",
        "",
        "Each file gets a receipt: what was received, accepted and left out, and which rows to mend, by row number as in "
        "your own file. The receipt never repeats a value from the file. To correct a file, send the whole period again; "
        "the latest accepted file replaces the earlier one. The same file sent twice does no harm.",
        "",
    ]
    return "\n".join(parts)


def _basics(contracts: Contracts, extract: Extract) -> list[str]:
    delivery, period = extract.delivery, example_period(extract)
    senders = ", ".join(
        contracts.submitter(s).title for s in extract.submitters if contracts.submitter(s).contact != "none"
    )
    rows: list[tuple[str, str]] = [
        ("Who sends", senders),
        ("How often", sentence(CADENCE[delivery.cadence])),
        ("When", f"{due(delivery)} For {period.id}: {due_on(delivery, period):%d/%m/%Y}."),
        ("Format", " Or ".join([_FORMAT[delivery.format], *(_FORMAT[f.format] for f in delivery.also)])),
    ]
    if delivery.format in ("csv", "csv_set"):
        rows.append(
            (
                "Text",
                f"{_ENCODING.get(delivery.encoding, delivery.encoding)}. Columns separated by commas, text with commas in double quotes.",
            )
        )
    if title := example_title(extract):
        rows.append(("First line of each sheet", f'A title that says the period, for example "{title}".'))
    names = [file_name(extract, extract.submitters[0])]
    if delivery.format == "csv_set":
        names = [file_name(extract, extract.submitters[0], t) for t in extract.tables]
    example = ", ".join(f"`{n}`" for n in names)
    tells = "tell the files of the set apart" if len(names) > 1 else "helps people"
    rows.append(
        (
            "File name",
            f"{example} {tells}. The period and the sender are read from inside the file first.",
        )
    )
    out = ["## In short", "", md_table(("question", "answer"), rows), ""]
    if delivery.format not in ("xml", "json"):
        out += [
            "Columns may stand in any order; capital letters, spaces and the other headings listed below are understood. "
            'Leave a cell empty when there is nothing to say: no "N/A", "-" or "TBC". Extra columns are not stored; '
            "the receipt lists them by name.",
            "",
        ]
    return out


def _table(contracts: Contracts, extract: Extract, table: Table, agreements: Agreements | None) -> list[str]:
    out = [f"## {table.title}", ""]
    if table.description:
        out += [sentence(table.description), ""]
    if table.source.sheet:
        headings = f", {table.source.header_rows} rows of headings" if table.source.header_rows > 1 else ""
        out += [f'Sheet "{table.source.sheet}"{headings}.', ""]
    if table.source.files:
        names = " or ".join(f"`{name}`" for name in table.source.files)
        needed = " It may be left out when there is nothing to say." if table.optional else ""
        out += [f"File name like {names}.{needed}", ""]
    if extract.delivery.also:
        out += [_other_form(extract, table), ""]
    elif table.source.element:
        out += [f"Element `{table.source.element}`.", ""]
    do_not_send = [f for f in table.fields if not may_be_sent(agreements, extract.key, table.name, f.name)]
    sent = [f for f in table.fields if f not in do_not_send]
    rows: list[tuple[str, ...]] = []
    for field in sent:
        means = sentence(field.label) + (f" {sentence(field.description)}" if field.description else "")
        if window := when_in_layout(field):
            means += f" In the layout {window}."
        written = how_written(field)
        if field.type is FieldType.code:
            written = f"code: see [{field.codelist}](#{field.codelist}){several(field)}"
        headers = field.headers or (field.name,)
        also = ", ".join(f"`{h}`" for h in headers[1:])
        rows.append(
            (
                f"`{headers[0]}`",
                also,
                means,
                written,
                "yes" if field.required else "",
                TREATMENT[field.treatment],
            )
        )
    out += [
        md_table(
            (
                "heading",
                "also understood",
                "what it means",
                "how to write it",
                "must be filled in",
                "what we do with it",
            ),
            rows,
        ),
        "",
    ]
    if do_not_send:
        names = ", ".join(f"`{(f.headers or (f.name,))[0]}`" for f in do_not_send)
        out += [
            f"**Do not send:** {names}. If such a column arrives it is dropped unread and the receipt says so.",
            "",
        ]
    return out + _rules(extract, table)


def _other_form(extract: Extract, table: Table) -> str:
    """Where the table stands in the XML form of a return that comes as CSV files too."""
    form = extract.delivery.also[0]
    if not table.source.element:
        return "The XML form does not have this table."
    places = ", ".join(f"`{f.headers[0]}` at `{f.elements[0]}`" for f in table.fields if f.elements)
    return (
        f"In the XML form: element `{table.source.element}` below `{form.xml_root}`; {places}. "
        "A path with a leading stroke starts at the child, any other at the element."
    )


def _rules(extract: Extract, table: Table) -> list[str]:
    rules = [r for r in derived_rules(extract, table) if r.kind not in _SAID_ONCE]
    if not rules:
        return []
    ordered = sorted(rules, key=lambda r: _ORDER[r.severity])
    rows = ((r.says, r.fix, CONSEQUENCE[r.severity], f"`{r.id}`{_window(r)}") for r in ordered)
    return [
        "Checks, the gravest first. A value that cannot be read, or a code that is not in its list, is always listed too.",
        "",
        md_table(("what is wrong", "what to do", "until it is mended", "rule"), rows),
        "",
    ]


def _window(rule: Rule) -> str:
    return f" (from {rule.since})" if rule.since else (f" (until {rule.until})" if rule.until else "")


def _codes(contracts: Contracts, extract: Extract) -> list[str]:
    names = dict.fromkeys(f.codelist for t in extract.tables for f in t.fields if f.codelist)
    if not names:
        return []
    out = ["## Codes", ""]
    for name in names:
        codelist = contracts.codelists[str(name)]
        rows = (
            (
                f"`{c.code}`",
                c.label,
                f"from {c.from_year}" if c.from_year else (f"until {c.to_year}" if c.to_year else ""),
            )
            for c in codelist.codes
        )
        out += [
            f"### {name}",
            "",
            sentence(codelist.title),
            "",
            md_table(("code", "meaning", "years"), rows),
            "",
        ]
    return out
