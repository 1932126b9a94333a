"""Contracts -> what the warehouse covers: agency x extract x layout x years, for the README.

Lives here: the coverage table.
Add here: another column that a reader of the README needs.
Must not live here: facts that are in no contract.
"""

from __future__ import annotations

from ingest.contract import Contracts, Extract
from ingest.projections.wording import CADENCE, md_table

FORMAT = {"csv": "CSV", "csv_set": "set of CSV files", "xlsx": "workbook", "xml": "XML", "json": "JSON"}


def coverage_table(contracts: Contracts) -> str:
    """One row an extract, in the order of the agencies, as a Markdown table with a sentence of totals."""
    rows = [
        (
            agency.title,
            e.code,
            f"`{e.extract}`",
            _layout(e),
            _years(e),
            CADENCE[e.delivery.cadence],
            str(len(e.tables)),
        )
        for agency in contracts.agencies.values()
        for e in sorted(contracts.values(), key=lambda e: (e.code, e.extract))
        if e.agency == agency.agency
    ]
    tables = sum(len(e.tables) for e in contracts.values())
    fields = sum(len(t.fields) for e in contracts.values() for t in e.tables)
    rules = sum(len(t.rules) for e in contracts.values() for t in e.tables)
    total = (
        f"{len(rows)} extracts, {tables} tables, {fields} fields; {rules} declared rules beside those that follow from the fields; "
        f"{len(contracts.codelists)} code lists."
    )
    return f"{md_table(('sender', 'code', 'extract', 'layout', 'years', 'sent', 'tables'), rows)}\n\n{total}"


def _layout(extract: Extract) -> str:
    return f"{extract.layout.by}, {FORMAT[extract.delivery.format]}"


def _years(extract: Extract) -> str:
    """The years that the contract knows: `2021 to 2026`, `from 2023`, or `any` for our own layouts."""
    first, last = extract.layout.first_year, extract.layout.last_year
    if first is None:
        return "any"
    return str(first) if first == last else f"{first} to {last}" if last else f"from {first}"
