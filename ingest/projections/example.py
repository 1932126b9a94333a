"""Contract -> one made-up row that keeps every rule, for templates and specification sheets.

Lives here: one plausible value per field, obviously invented.
Add here: a value for a new field type or identity role.
Must not live here: populations, volumes, defects; `projections/synthetic.py` and `ingest/synthetic` do those.
"""

from __future__ import annotations

import datetime as dt

from ingest.calendar import Period, period_of
from ingest.contract import Contracts, Extract, FieldSpec, FieldType, Rule, RuleKind, Table
from ingest.projections import stories
from ingest.projections.synthetic import Maker, speaks
from ingest.projections.wording import digits, title_line

#: A day inside the example period of every cadence (wording.PERIOD_ID).
EXAMPLE_DAY = {
    "month": dt.date(2025, 4, 3),
    "quarter": dt.date(2025, 4, 3),
    "term": dt.date(2025, 4, 28),
    "financial_year": dt.date(2024, 5, 7),
    "academic_year": dt.date(2024, 11, 4),
    "workforce_year": dt.date(2024, 5, 7),
    "vintage": dt.date(2025, 1, 6),
}
#: Numbers that pass their check digit and are nobody's: 999 is the range that the NHS keeps for tests.
EXAMPLE_NHS_NUMBER = "9990000018"
EXAMPLE_UPN = "E860999925001"
#: What an example that is still open leaves empty.
_ENDS = {
    "death_date",
    "former_upn",
    "closed_on",
    "predecessor_urn",
    "closure_date",
    "closure_reason",
    "initial_cpc_date",
    "cin_plan_end_date",
    "cpp_end_date",
    "left_care_on",
    "sdq_reason",
}
_IDENTITY = {"forename": "Example", "surname": "Child", "postcode": "ZZ99 3VZ", "local_id": "EXAMPLE1"}


def example_period(extract: Extract) -> Period:
    return period_of(extract.delivery.cadence, EXAMPLE_DAY[extract.delivery.cadence])


def example_title(extract: Extract) -> str:
    """The title line that states the period, for extracts whose period is read from a title; empty for the others."""
    if not any(o.kind == "title" for o in extract.delivery.period_from):
        return ""
    return title_line(extract, example_period(extract))


def example_row(contracts: Contracts, extract: Extract, table: Table) -> dict[str, str] | None:
    """Field -> value as the sender writes it. Blank where a rule forbids a value or a field is free text.

    Where rules look across tables, the example is one of the contract's own children who break none (its stories), and None
    for a table in which that child has no row.
    """
    return _of_story(contracts, extract, table) if extract.stories else _made_up(contracts, extract, table)


def _of_story(contracts: Contracts, extract: Extract, table: Table) -> dict[str, str] | None:
    """The child with a row in most tables, never two in one: a template has one example row a table."""
    period = example_period(extract)
    maker = Maker(
        extract.at(period.year), contracts.codelists, period, contracts.submitter(extract.submitters[0])
    )
    told = [stories.child(maker, name, 0) for name in extract.stories]
    single = [t for t in told if all(len(rows) < 2 for rows in t.values())]
    child = max(single, key=lambda t: sum(map(len, t.values())))
    if not child.get(table.name):
        return None
    row = {f.name: child[table.name][0].get(f.name) or "" for f in table.fields}
    known = {"local_id": _IDENTITY["local_id"], "upn": EXAMPLE_UPN}
    who = table.identity.fields if table.identity else {}
    return row | {who[role]: text for role, text in known.items() if row.get(who.get(role, ""))}


def _made_up(contracts: Contracts, extract: Extract, table: Table) -> dict[str, str]:
    """A row from nothing but types, code lists and rules."""
    leave_blank = _blanks(table.rules)
    roles = {field: role for role, field in (table.identity.fields.items() if table.identity else ())}
    row: dict[str, str] = {}
    moment = dt.datetime.combine(EXAMPLE_DAY[extract.delivery.cadence], dt.time(9, 30))
    for field in table.fields:
        if field.name in leave_blank or field.treatment == "drop" or field.name in _ENDS or field.also_in:
            row[field.name] = ""
            continue
        if field.example:
            row[field.name] = field.example
            continue
        role = roles.get(field.name, "")
        if field.type in (FieldType.date, FieldType.timestamp):
            if "birth" in role or field.name.endswith("birth_date"):
                value = dt.datetime(2012, 6, 15)  # noqa: DTZ001 - a day, not a moment
            else:
                value = moment
                moment += dt.timedelta(hours=1) if field.type is FieldType.timestamp else dt.timedelta(days=1)
            row[field.name] = value.strftime(field.formats[0])
        else:
            row[field.name] = _value(contracts, extract, table, field, role)
    for rule in table.rules:
        if rule.kind is RuleKind.forbidden_if and speaks(rule, row):
            row[rule.args["column"]] = ""
    return row


def _value(contracts: Contracts, extract: Extract, table: Table, field: FieldSpec, role: str) -> str:
    submitter = contracts.submitter(extract.submitters[0])
    if any(r.kind is RuleKind.matches_submitter and r.args.get("column") == field.name for r in table.rules):
        return submitter.la_code or submitter.name
    if field.checksum:
        return EXAMPLE_NHS_NUMBER if field.checksum == "nhs_number" else EXAMPLE_UPN
    if role in _IDENTITY:
        return _IDENTITY[role]
    if field.type is FieldType.code and field.codelist:
        year = example_period(extract).year
        return next(
            c.code for c in contracts.codelists[field.codelist].codes if c.in_force(year) and not c.maps_to
        )
    if field.type is FieldType.integer:
        return str(1 if field.min is None else int(field.min))
    if field.type is FieldType.boolean:
        asked_for = any(
            r.kind is RuleKind.required_if and r.args.get("column") == field.name for r in table.rules
        )
        return "1" if asked_for else "0"
    if field.type in (FieldType.decimal, FieldType.figure):
        return "12.5" if field.max is None or field.max >= 12.5 else f"{field.max:g}"
    return "1" * digits(field) or "EXAMPLE1"[: field.max_length or 8]


def _blanks(rules: tuple[Rule, ...]) -> set[str]:
    """Fields left empty so that the row keeps its rules: all but the first of one_of."""
    out: set[str] = set()
    for rule in rules:
        if rule.kind is RuleKind.one_of:
            out.update(rule.columns[1:])
    return out
