"""Contracts -> data dictionary: every field of every extract, as a table and as pages.

Lives here: the rows of the dictionary and their Markdown.
Add here: another property that readers of the dictionary need.
Must not live here: facts that are in no contract or agreement.
"""

from __future__ import annotations

from typing import Any

from ingest.agreement import Agreements
from ingest.contract import Contracts, Extract, FieldSpec, FieldType, Table
from ingest.projections.wording import KIND, TREATMENT, how_written, md_table, sentence, when_in_layout


def dictionary_rows(contracts: Contracts, agreements: Agreements | None = None) -> list[dict[str, Any]]:
    """One row a field, flat, ready for CSV, Parquet or a page. Same columns in every row."""
    return [
        _row(extract, table, field, agreements)
        for extract in contracts.values()
        for table in extract.tables
        for field in table.fields
    ]


def _row(extract: Extract, table: Table, field: FieldSpec, agreements: Agreements | None) -> dict[str, Any]:
    return {
        "agency": extract.agency,
        "extract": extract.extract,
        "extract_code": extract.code,
        "table": table.name,
        "field": field.name,
        "label": field.label,
        "type": field.type.value,
        "written_as": how_written(field),
        "code_list": field.codelist or "",
        "required": field.required,
        "headers": "; ".join(field.headers),
        "stored_as": "; ".join(field.columns),
        "treatment": field.treatment.value,
        "necessity": necessity(agreements, extract.key, table.name, field.name),
        "since": field.since,
        "until": field.until,
        "description": " ".join(field.description.split()),
        "source": field.source,
        "ssd_name": field.ssd,
    }


def necessity(agreements: Agreements | None, key: str, table: str, field: str) -> str:
    """What the agreements say of the field; a prohibition in any of them stands. Empty without agreements.

    An extract that no agreement lists yet says "no_agreement": its documents can be read while the agreement is drafted.
    """
    if agreements is None:
        return ""
    order = ("prohibited", "not_agreed", "linkage_only", "optional", "required")
    found: set[str] = set()
    for agreement in agreements.values():
        if (flow := agreement.flows.get(key)) is None:
            continue
        if flow.every_field:
            found.add("optional")
        else:
            found.add(flow.tables[table].necessity(field) if table in flow.tables else "not_agreed")
    if "prohibited" in found:
        return "prohibited"
    return max(found, key=order.index, default="no_agreement")


def may_be_sent(agreements: Agreements | None, key: str, table: str, field: str) -> bool:
    """False for a field that an agreement prohibits or leaves out: we do not ask for it."""
    return necessity(agreements, key, table, field) not in ("prohibited", "not_agreed")


def dictionary_page(extract: Extract, agreements: Agreements | None = None) -> str:
    """The dictionary of one extract as Markdown."""
    parts = [
        f"# {extract.title}",
        "",
        f"`{extract.key}`, {extract.code}. {sentence(extract.description)}",
        "",
    ]
    for table in extract.tables:
        parts += [f"## {table.title} (`{table.name}`)", ""]
        if table.description:
            parts += [sentence(table.description), ""]
        if table.grain:
            within = f" within its row of `{table.parent}`" if table.parent else ""
            parts += [f"One row for each {', '.join(f'`{g}`' for g in table.grain)}{within}.", ""]
        head = ("field", "meaning", "type", "required", "stored", "agreement", "standard dataset")
        parts += [md_table(head, (_cells(extract, table, f, agreements) for f in table.fields)), ""]
    if extract.revisions:
        parts += ["## What changed between years", ""]
        parts += [
            f"- {r.get('from', '')}: {sentence(str(r.get('change', '')))} {sentence(str(r.get('why', '')))}"
            for r in extract.revisions
        ]
        parts.append("")
    return "\n".join(parts)


def _cells(
    extract: Extract, table: Table, field: FieldSpec, agreements: Agreements | None
) -> tuple[str, ...]:
    meaning = sentence(field.label) + (f" {sentence(field.description)}" if field.description else "")
    if window := when_in_layout(field):
        meaning += f" In the layout {window}."
    kind = KIND[field.type]
    if field.type is FieldType.code:
        kind = f"[{field.codelist}](../code_lists.md#{field.codelist}){', several in a cell' if field.split else ''}"
    return (
        f"`{field.name}`",
        meaning,
        kind,
        "yes" if field.required else "",
        TREATMENT[field.treatment],
        necessity(agreements, extract.key, table.name, field.name).replace("_", " "),
        f"`{field.ssd}`" if field.ssd else "",
    )


#: Spellings that the page lists of one code list; some lists know more than a thousand.
SPELLINGS_SHOWN = 60


def code_lists_page(contracts: Contracts) -> str:
    """Every code list: standard codes with their years, spellings that are mended, values that are refused."""
    parts = [
        "# Code lists",
        "",
        "A standard code is stored as it is, or as the code that replaces it. A spelling that we can mend is mended and "
        "noted. A known bad value, or one never seen, is a finding; it is never turned into a blank.",
        "",
    ]
    for name, codelist in sorted(contracts.codelists.items()):
        parts += [f"## {name}", "", f"{sentence(codelist.title)} Source: {sentence(codelist.source)}", ""]
        rows = (
            (
                f"`{c.code}`",
                c.label,
                c.broad or "",
                f"`{c.maps_to}`" if c.maps_to else "",
                "-".join((str(c.from_year or ""), str(c.to_year or "")))
                if c.from_year or c.to_year
                else "every year",
            )
            for c in codelist.codes
        )
        parts += [md_table(("code", "meaning", "published as", "stored as", "years"), rows), ""]
        if codelist.fixable:
            shown = sorted(codelist.fixable.items())[:SPELLINGS_SHOWN]
            more = len(codelist.fixable) - len(shown)
            rest = f" and {more} more, in the code list's own file" if more else ""
            parts += ["Mended: " + ", ".join(f"`{k}` to `{v}`" for k, v in shown) + f"{rest}.", ""]
        if codelist.known_bad:
            parts += ["Refused: " + ", ".join(f"`{v}`" for v in codelist.known_bad) + ".", ""]
    return "\n".join(parts)
