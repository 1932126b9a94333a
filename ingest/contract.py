"""The contract: one strict model of what a sender delivers, from which everything else is projected.

Lives here: the pydantic models of an extract, its tables, fields, rules and dated revisions; loading the YAML files;
resolving an extract to the layout in force in one year.
Add here: a new property that a contract may declare, or a new rule kind.
Must not live here: reading data, SQL, Great Expectations, dbt, Dagster. Those are projections and read this model.

Layers of one source of truth: `_fields.yml` says what a field name means everywhere, `_codelists/*.yml` hold dated
codes, `_agencies.yml` the senders, `<agency>/<extract>.yml` one extract. Nothing else may list fields, codes or rules.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ingest import expressions
from ingest.expressions import Kind

CONTRACTS_DIR = Path(__file__).parent / "contracts"
#: A contract's rules may stand in a file of their own beside it.
RULES_SUFFIX = ".rules.yml"

M = TypeVar("M", bound=BaseModel)

#: Names reach SQL as quoted identifiers, so they are held to an allow-list at the door.
NAME = re.compile(r"^[a-z][a-z0-9_]{0,62}$")
#: Between the codes of a field that may hold several.
CODE_SEPARATOR = ";"
#: Columns that every staged row has; a field of the same name would be hidden behind them without a word.
RESERVED = frozenset(
    ("child_token", "submission_id", "source_table", "source_row", "source_line", "parent_row", "submitter", "area_code",
     "period", "period_start", "period_end", "received_at")
)  # fmt: skip
RULE_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,120}$")


class ContractError(ValueError):
    """A contract file breaks the model. The message names the file and the place, never data."""


class Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, ignored_types=(cached_property,)
    )

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A changed copy. What the original had worked out and kept is not the copy's, and is worked out again."""
        copy = super().model_copy(update=update, deep=deep)
        kept = vars(copy)
        for name in [n for n in kept if isinstance(getattr(type(self), n, None), cached_property)]:
            del kept[name]
        return copy


class FieldType(StrEnum):
    string = "string"
    integer = "integer"
    decimal = "decimal"
    date = "date"
    timestamp = "timestamp"
    boolean = "boolean"
    code = "code"  # string, held to a code list
    figure = "figure"  # a published number or a suppression symbol: two columns, <name> and <name>_symbol


class Treatment(StrEnum):
    """What happens to a value before anything is stored outside the identity store (design.md section 6)."""

    keep = "keep"
    identity = "identity"  # to the identity store only; the row carries child_token instead
    month = "month"  # a date coarsened to the first of its month, also kept whole in the identity store
    district = (
        "district"  # a postcode kept as the ONS code of its district, and whole in the identity store only
    )
    pseudonym = "pseudonym"  # a person who is not a child (a social worker): the column holds a keyed pseudonym, nothing else is kept
    drop = "drop"  # read for rules, then forgotten (free text, names of staff)


class Severity(StrEnum):
    block_file = "block_file"
    reject_row = "reject_row"
    warn = "warn"
    note = "note"


class RuleKind(StrEnum):
    # derived from fields
    readable = "readable"  # a value was sent but cannot be read as the field's type
    required = "required"
    codelist = "codelist"  # unseen or known-bad code
    codelist_year = "codelist_year"  # a code of another year's list: kept, noted
    codelist_spelling = "codelist_spelling"  # a fixable spelling: mended, noted
    range = "range"
    pattern = "pattern"
    max_length = "max_length"
    checksum = "checksum"  # nhs_number, upn
    unique = "unique"  # the table's grain
    mended = "mended"  # read although written another way, or a stand-in for blank (N/A) read as blank: noted, never silent
    # declared in `rules:`
    not_after = "not_after"  # column <= other (both present)
    not_before = "not_before"  # column >= other (both present)
    not_future = "not_future"  # column <= the end of the period's due date
    required_if = "required_if"  # column present when other in values (or other present, if no values)
    forbidden_if = "forbidden_if"  # column absent when other in values (or other present)
    one_of = "one_of"  # exactly one of columns present
    at_least_one_of = "at_least_one_of"
    unique_together = "unique_together"  # columns unique in the table
    within_days = "within_days"  # 0 <= column - other <= days
    in_period = "in_period"  # column lies in the submission's period (inclusive), within tolerance days
    matches_submitter = "matches_submitter"  # the row's own authority or agency code is the submitter's
    not_placeholder = "not_placeholder"  # a date that is 01/01/1900 or 01/01/1970
    expression = (
        "expression"  # a condition of the rule language over the table or a view of it (docs/rules.md)
    )
    history = "history"  # compares deliveries of several periods, so the warehouse judges it, not the gate


class Code(Strict):
    """One code of a list. `from`/`to` are the years (period end) in which the list carries it; open when absent."""

    code: str
    label: str
    from_year: int | None = Field(None, alias="from")
    to_year: int | None = Field(None, alias="to")
    maps_to: str | None = None  # the standard code that replaces it, stored instead (sex 1 -> M)
    broad: str | None = None  # publication group (ethnicity)

    def in_force(self, year: int) -> bool:
        """True when the code is in the list of the year in which a period ends."""
        return (self.from_year is None or self.from_year <= year) and (
            self.to_year is None or year <= self.to_year
        )


class CodeList(Strict):
    """Three sets: standard codes (dated), fixable spellings, known-bad values (PUDL's habit)."""

    name: str
    title: str
    source: str
    codes: tuple[Code, ...]
    fixable: dict[str, str] = Field(default_factory=dict)  # sent spelling (case-folded, trimmed) -> code
    known_bad: tuple[str, ...] = ()

    @field_validator("fixable")
    @classmethod
    def _fold(cls, value: dict[str, str]) -> dict[str, str]:
        return {k.strip().casefold(): v for k, v in value.items()}

    @model_validator(mode="after")
    def _targets_exist(self) -> CodeList:
        known = {c.code for c in self.codes}
        lost = {v for v in self.fixable.values() if v not in known}
        lost |= {c.maps_to for c in self.codes if c.maps_to and c.maps_to not in known}
        if lost:
            raise ValueError(f"code list {self.name}: targets that are not codes: {sorted(lost)}")
        return self

    @cached_property
    def by_code(self) -> dict[str, Code]:
        return {c.code: c for c in self.codes}

    def stored(self) -> dict[str, str]:
        """Every spelling that can be stored -> the code that is stored, whatever the year. Keys are case-folded."""
        out = {c.code.casefold(): c.maps_to or c.code for c in self.codes}
        for spelling, code in self.fixable.items():
            out.setdefault(spelling, self.by_code[code].maps_to or code)
        return out


class FieldSpec(Strict):
    """One column. Everything about it is here: how it is read, judged, treated, described."""

    name: str
    type: FieldType
    label: str
    headers: tuple[
        str, ...
    ] = ()  # the sender's own column names, canonical first; matched without case or punctuation
    formats: tuple[
        str, ...
    ] = ()  # strptime formats, in order; ISO 8601 is always understood because it is unambiguous
    codelist: str | None = None
    split: str = (
        ""  # code fields: a cell may hold several codes, between any of these characters; kept as A;B
    )
    required: bool = False
    required_severity: Severity = Severity.reject_row
    unreadable_severity: Severity = (
        Severity.warn
    )  # a required field's unreadable value rejects the row all the same
    min: float | None = None
    max: float | None = None
    pattern: str | None = None
    max_length: int | None = None
    checksum: Literal["nhs_number", "upn"] | None = None
    treatment: Treatment = Treatment.keep
    optional_column: bool = False  # the column itself may be missing from the file without a finding
    elements: tuple[
        str, ...
    ] = ()  # where it stands in the extract's XML form (Delivery.also): below the row's element, or, with a leading "/", below the record's
    also_in: str | None = (
        None  # codes that senders write in another field's column (UN4 in the place of a UPN)
    )
    since: int | None = None  # first year (period end) in which the layout has the field
    until: int | None = None
    description: str = ""
    example: str = ""  # a made-up value, where type, codes and pattern do not give one
    source: str = ""  # where the definition comes from
    ssd: str = ""  # the Standard Safeguarding Dataset's name for it, when it has one

    @model_validator(mode="after")
    def _consistent(self) -> FieldSpec:
        if not NAME.match(self.name):
            raise ValueError(f"field name {self.name!r} is not snake_case")
        if self.name in RESERVED:
            raise ValueError(f"field name {self.name!r} is a column that every staged row has")
        if (self.type is FieldType.code) != (self.codelist is not None):
            raise ValueError(
                f"field {self.name}: a code field has a code list, and only a code field has one"
            )
        if self.split and self.type is not FieldType.code:
            raise ValueError(f"field {self.name}: only a code field can hold several values in a cell")
        if self.treatment is Treatment.month and self.type is not FieldType.date:
            raise ValueError(f"field {self.name}: only a date can be coarsened to its month")
        if self.treatment is Treatment.district and self.type is not FieldType.string:
            raise ValueError(f"field {self.name}: only a postcode, which is text, has a district")
        if self.treatment is Treatment.pseudonym and self.type is not FieldType.string:
            raise ValueError(f"field {self.name}: only text can become a pseudonym")
        if self.type in (FieldType.date, FieldType.timestamp) and not self.formats:
            raise ValueError(f"field {self.name}: a date or timestamp declares its formats")
        return self

    @property
    def stored(self) -> bool:
        """True when the field is a column of the raw table."""
        return self.treatment not in (Treatment.identity, Treatment.drop)

    @property
    def columns(self) -> tuple[str, ...]:
        """The raw columns that the field becomes."""
        if not self.stored:
            return ()
        return (self.name, f"{self.name}_symbol") if self.type is FieldType.figure else (self.name,)

    def in_layout(self, year: int) -> bool:
        return (self.since is None or self.since <= year) and (self.until is None or year <= self.until)


class Rule(Strict):
    """A rule, declared once: compiled to SQL (which rows) and to Great Expectations (the judge at the gate)."""

    id: str
    kind: RuleKind
    args: dict[str, Any] = Field(default_factory=dict)
    severity: Severity
    says: str  # one plain sentence: what is wrong
    fix: str  # one plain sentence: what the sender does about it
    fixes: Literal["sender", "partnership"] = "sender"
    since: int | None = None
    until: int | None = None
    source: str = ""
    #: An `expression` rule's example of what breaks it: changes to the rows of a story (projections/stories.py).
    breaks: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _id(self) -> Rule:
        if not RULE_ID.match(self.id):
            raise ValueError(f"rule id {self.id!r}")
        wanted = {"columns"} if self.kind is RuleKind.history else {"fails", "columns"}
        if self.kind in (RuleKind.expression, RuleKind.history) and (
            not wanted <= set(self.args)
            or set(self.args) - wanted - {"on", "checked"}
            or not self.args["columns"]
        ):
            raise ValueError(
                f"rule {self.id}: args are {sorted(wanted)}, and `on` and `checked` where needed"
            )
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields that the rule reads, the one to mend first."""
        named = [self.args[k] for k in ("column", "other") if k in self.args]
        return tuple(dict.fromkeys([*named, *self.args.get("columns", ())]))

    @property
    def conditions(self) -> tuple[str, ...]:
        """The conditions of an `expression` rule, as written."""
        return tuple(str(self.args[k]) for k in ("checked", "fails") if k in self.args)


#: What a field is to the rule language. A figure is two columns, so it has no place there.
EXPRESSION_KINDS: dict[FieldType, Kind] = {
    FieldType.string: "text",
    FieldType.code: "text",
    FieldType.integer: "number",
    FieldType.decimal: "number",
    FieldType.date: "date",
    FieldType.timestamp: "moment",
    FieldType.boolean: "boolean",
}


class TableSource(Strict):
    """Where the table's rows are inside the delivery. Exactly one kind, by format."""

    element: str | None = (
        None  # XML: path of the repeating element below the root, e.g. Children/Child/CINdetails; JSON: names down to the list
    )
    when: dict[str, str] = Field(
        default_factory=dict
    )  # XML: a table that shares its element with an earlier one has a row where one of its own values is given, or this one
    file: str | None = None  # CSV set: glob on the file name
    other_files: tuple[str, ...] = ()  # CSV set: further globs that senders' names follow
    sheet: str | None = None  # workbook: sheet name (matched without case or punctuation)
    sheet_also: tuple[
        str, ...
    ] = ()  # other names that senders give it; `List 1*` is also `List 1 - Contacts`, not `List 10`
    header_rows: int = Field(
        default=1, ge=1, le=3
    )  # how many rows form the header, joined from the bottom up
    footer: tuple[str, ...] = (
        "total",
        "note",
        "notes",
        "source",
        "end of",
    )  # first cell of a row that is not data

    @property
    def files(self) -> tuple[str, ...]:
        """CSV set: every glob, the canonical one first."""
        return (self.file, *self.other_files) if self.file else self.other_files


class IdentityEnd(Strict):
    """When a row says that the child goes on under another identity: nobody may link the two (an adopted child's new name)."""

    field: str  # holds one of `codes` then
    codes: tuple[str, ...]
    on: str  # the date


class Identity(Strict):
    """Which fields say who the row is about. They go to the identity store; the row carries `child_token`."""

    rank: int = Field(default=9, ge=1, le=9)  # whose word about a child is taken first, 1 before 9
    local_id: str | None = None
    nhs_number: str | None = None
    upn: str | None = None
    former_upn: str | None = None
    birth_date: str | None = None
    expected_birth_date: str | None = None
    sex: str | None = None
    forename: str | None = None
    surname: str | None = None
    postcode: str | None = None
    ends: IdentityEnd | None = None

    @property
    def fields(self) -> dict[str, str]:
        return {k: v for k, v in self.model_dump(exclude={"rank", "ends"}).items() if v}


class Table(Strict):
    name: str
    title: str
    description: str = ""
    source: TableSource = Field(TableSource(), alias="from")
    parent: str | None = None  # XML: the table whose element contains this one; child_token is inherited
    grain: tuple[str, ...] = ()  # unique in the table (with the parent's row for nested tables)
    grain_severity: Severity = Severity.reject_row  # the first of the duplicates is kept
    identity: Identity | None = None
    fields: tuple[FieldSpec, ...]
    rules: tuple[Rule, ...] = ()
    optional: bool = False  # the table may be missing from the delivery
    since: int | None = None
    until: int | None = None

    @cached_property
    def by_name(self) -> dict[str, FieldSpec]:
        return {f.name: f for f in self.fields}

    @model_validator(mode="after")
    def _references(self) -> Table:
        names = [f.name for f in self.fields]
        if len(set(names)) != len(names):
            raise ValueError(f"table {self.name}: a field is declared twice")
        used = set(self.grain) | {c for r in self.rules for c in r.columns}
        used |= set(self.identity.fields.values()) if self.identity else set()
        used |= (
            {self.identity.ends.field, self.identity.ends.on}
            if self.identity and self.identity.ends
            else set()
        )
        used |= {f.also_in for f in self.fields if f.also_in}
        missing = used - set(names)
        if missing:
            raise ValueError(f"table {self.name}: unknown fields {sorted(missing)}")
        return self


class View(Strict):
    """A table enriched once with what its rules need from elsewhere in the delivery: joins, the rows before and after.

    `sql` selects `_seq`, the rowid of the base table's row, once for every row, and `columns`. It may name every table of the
    extract and `:period_start`, `:period_end`, `:last_day`, `:period_year` and `:submitter_code`.
    """

    name: str
    base: str
    columns: dict[str, Kind]
    sql: str

    @model_validator(mode="after")
    def _names(self) -> View:
        if wrong := [n for n in (self.name, *self.columns) if not NAME.match(n)]:
            raise ValueError(f"view {self.name}: not snake_case: {wrong}")
        return self

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word of the SQL: the names of tables and columns are among them."""
        return frozenset(re.findall(r"[a-z_][a-z0-9_]*", self.sql.lower()))


class Excuse(Strict):
    """A rule of the statutory return's owner that is not judged here, and why."""

    id: str
    says: str
    why: str


class Origin(Strict):
    """One place where the period or the submitter may be stated. Content comes before names, always."""

    kind: Literal["xml", "json", "column", "title", "manifest", "path", "filename"]
    path: str | None = None  # xml: path below the root; json: name in the outermost object
    table: str | None = (
        None  # column: table and field whose values say it (dates: the period holding most of them)
    )
    field: str | None = None
    pattern: str | None = None  # title / filename: regular expression with one group


class Form(Strict):
    """Another format in which the same extract may come: the same tables and fields, found in other places."""

    format: Literal["xml"]
    xml_root: str
    xml_marker: dict[str, str] = Field(default_factory=dict)


#: How the files of a format end.
FORMAT_SUFFIXES = {
    "xml": (".xml",),
    "json": (".json",),
    "csv": (".csv", ".txt"),
    "csv_set": (".csv", ".txt"),
    "xlsx": (".xlsx",),
}


class Delivery(Strict):
    format: Literal["xml", "json", "csv", "csv_set", "xlsx"]
    encoding: str = "utf-8"
    delimiter: str = ","
    cadence: Literal[
        "month", "quarter", "term", "financial_year", "academic_year", "workforce_year", "vintage"
    ]
    due_days: int = 0  # calendar days from the end of the period to the deadline
    due_working_days: int | None = None  # or working days, where the agreement says so
    grace_days: int = 0
    match: tuple[str, ...] = ()  # file-name globs, for files that lie outside agency/extract folders
    xml_root: str | None = None  # XML: root element; content decides, not the name
    xml_marker: dict[str, str] = Field(default_factory=dict)  # XML: path -> value that marks this extract
    also: tuple[Form, ...] = ()
    period_from: tuple[Origin, ...]
    submitter_from: tuple[Origin, ...]
    max_bytes: int = 1_500_000_000
    max_rows: int = 20_000_000


class Layout(Strict):
    """Who prescribes the layout, and for which years (period end) the contract knows it."""

    by: str = "the partnership"
    first_year: int | None = None
    last_year: int | None = None  # open: also the years to come, until the layout changes


class Extract(Strict):
    """What one sender delivers for one period."""

    agency: str
    extract: str
    code: str  # the extract's code in the partnership's data specification, e.g. PO01
    title: str
    description: str
    submitters: tuple[str, ...]
    delivery: Delivery
    tables: tuple[Table, ...]
    revisions: tuple[
        dict[str, Any], ...
    ] = ()  # dated notes on what changed and why; effects are since/until/from/to
    version: str = "1.0"
    licence: str = ""
    no_breakdown: bool = False  # counts so small that no figure of it may be shown below the whole partnership, nor by any group
    layout: Layout = Layout()
    # The rest usually stands in `<extract>.rules.yml`.
    views: tuple[View, ...] = ()
    #: The owner's number of a rule -> the derived rules that say the same.
    aliases: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    not_implemented: tuple[Excuse, ...] = ()
    #: Children who break no rule, for synthetic data: name -> table -> rows (projections/stories.py).
    stories: dict[str, dict[str, Any]] = Field(default_factory=dict)

    @cached_property
    def by_table(self) -> dict[str, Table]:
        return {t.name: t for t in self.tables}

    @cached_property
    def by_view(self) -> dict[str, View]:
        return {v.name: v for v in self.views}

    @cached_property
    def alias_of(self) -> dict[str, tuple[str, ...]]:
        """Derived rule -> the owner's numbers for it."""
        out: dict[str, tuple[str, ...]] = {}
        for number, ids in self.aliases.items():
            for rule_id in ids:
                out[rule_id] = (*out.get(rule_id, ()), number)
        return out

    def view_of(self, table: Table, rule: Rule) -> View | None:
        """The view that an `expression` rule looks at; None when it looks at the table itself."""
        on = rule.args.get("on", table.name)
        return None if on == table.name else self.by_view[on]

    def kinds(self, table: Table, view: View | None = None) -> dict[str, Kind]:
        """Every column that a condition on the table, or a view of it, may name."""
        own: dict[str, Kind] = {
            f.name: EXPRESSION_KINDS[f.type] for f in table.fields if f.type in EXPRESSION_KINDS
        }
        return {**own, **(view.columns if view else {})}

    @property
    def key(self) -> str:
        return f"{self.agency}/{self.extract}"

    @model_validator(mode="after")
    def _shape(self) -> Extract:
        for table in self.tables:
            if table.parent and table.parent not in self.by_table:
                raise ValueError(f"{self.key}: table {table.name} has an unknown parent")
        ids = [r.id for t in self.tables for r in derived_rules(self, t)]
        if len(set(ids)) != len(ids):
            raise ValueError(
                f"{self.key}: a rule id is used twice: {sorted({i for i in ids if ids.count(i) > 1})}"
            )
        self._views_and_conditions()
        if unknown := set(self.alias_of) - set(ids):
            raise ValueError(f"{self.key}: aliases of rules that are not derived: {sorted(unknown)}")
        told = {f"story {name}": story for name, story in self.stories.items()}
        told |= {f"rule {r.id}": r.breaks for t in self.tables for r in t.rules}
        for place, example in told.items():
            self._example(place, example)
        return self

    def _example(self, place: str, example: Mapping[str, Any]) -> None:
        """A story or what breaks a rule names tables and fields of this contract."""
        for name, rows in example.items():
            if name == "story":
                if rows not in self.stories:
                    raise ValueError(f"{self.key}: {place}: no story {rows}")
                continue
            listed: list[Any] = rows if isinstance(rows, list) else [rows]
            known = {f for t in self.tables if name in ("all", t.name) for f in t.by_name}
            wrong = {k for r in listed for k in (r or {}) if k not in known}
            if wrong or not known:
                raise ValueError(f"{self.key}: {place}: {name}: no such table or fields: {sorted(wrong)}")

    def _views_and_conditions(self) -> None:
        for view in self.views:
            if view.base not in self.by_table or view.name in self.by_table:
                raise ValueError(f"{self.key}: view {view.name}: base is no table, or its name is one")
            if both := set(view.columns) & set(self.by_table[view.base].by_name):
                raise ValueError(f"{self.key}: view {view.name} hides fields: {sorted(both)}")
        for table in self.tables:
            for rule in table.rules:
                if rule.kind is not RuleKind.expression:
                    continue
                on = rule.args.get("on", table.name)
                if on != table.name and (on not in self.by_view or self.by_view[on].base != table.name):
                    raise ValueError(f"{self.key}: rule {rule.id}: {on} is no view of {table.name}")
                known = self.kinds(table, self.view_of(table, rule))
                for condition in rule.conditions:
                    try:
                        expressions.check(condition, known, frozenset(table.by_name))
                    except expressions.ExpressionError as error:
                        raise ValueError(f"{self.key}: rule {rule.id}: {error}") from error

    def as_sent(self, suffix: str) -> Extract:
        """The extract as a file with that ending lays it out: itself, or one of its other forms."""
        suffix = suffix.casefold()
        form = next((f for f in self.delivery.also if suffix in FORMAT_SUFFIXES[f.format]), None)
        if form is None or suffix in FORMAT_SUFFIXES[self.delivery.format]:
            return self
        delivery = self.delivery.model_copy(
            update={
                "format": form.format,
                "xml_root": form.xml_root,
                "xml_marker": form.xml_marker,
                "also": (),
            }
        )
        tables = tuple(
            t.model_copy(
                update={
                    "fields": tuple(
                        f.model_copy(update={"headers": f.elements or f.headers}) for f in t.fields
                    )
                }
            )
            for t in self.tables
        )
        return self.model_copy(update={"delivery": delivery, "tables": tables})

    def at(self, year: int) -> Extract:
        """The extract as its layout stands in the year in which a period ends: tables, fields and rules of that year."""

        def live(item: Any) -> bool:
            return (item.since is None or item.since <= year) and (item.until is None or year <= item.until)

        fields = {t.name: {f.name for f in t.fields if live(f)} for t in self.tables if live(t)}
        views = tuple(v for v in self.views if self._stands(v, fields))
        seen = {v.name for v in views}
        tables = tuple(
            t.model_copy(
                update={
                    "fields": tuple(f for f in t.fields if live(f)),
                    "rules": tuple(
                        r
                        for r in t.rules
                        if live(r)
                        and set(r.columns) <= fields[t.name]
                        and (r.args.get("on", t.name) in {t.name, *seen})
                        and not (self._named(r) & (set(t.by_name) - fields[t.name]))
                    ),
                }
            )
            for t in self.tables
            if live(t)
        )
        return self.model_copy(update={"tables": tables, "views": views})

    def _stands(self, view: View, fields: Mapping[str, set[str]]) -> bool:
        """True when every table and field that the view names is in the layout."""
        named = [t for t in self.tables if t.name in view.words or t.name == view.base]
        gone = {f for t in named for f in set(t.by_name) - fields.get(t.name, set())}
        there = {f for t in named for f in fields.get(t.name, set())}
        return all(t.name in fields for t in named) and not ((gone - there) & view.words)

    @staticmethod
    def _named(rule: Rule) -> set[str]:
        if rule.kind is not RuleKind.expression:
            return set()
        return {n for text in rule.conditions for n in expressions.names(expressions.parse(text))}


class Submitter(Strict):
    name: str
    title: str
    area_code: str | None = None  # ONS code of the authority, for councils
    la_code: str | None = None  # the DfE's three-digit code
    aliases: tuple[str, ...] = ()  # how content names the submitter (LEA 860)
    contact: str  # role, never a person


class Agency(Strict):
    agency: str
    title: str
    owner: str  # who mends what a rule of this agency's extracts finds
    submitters: tuple[Submitter, ...]


def derived_rules(extract: Extract, table: Table) -> tuple[Rule, ...]:
    """Every rule of a table: those that follow from its fields and grain, then those it declares.

    Ids of derived rules are `<extract>.<table>.<field>.<kind>` and never change while the field keeps its name.
    """
    prefix = f"{extract.extract}.{table.name}"
    out: list[Rule] = []

    def told(rule_id: str, says: str) -> tuple[str, str]:
        """The sentence, with the owner's number of the rule where it has one; and that number as the source."""
        says = says[:1].upper() + says[1:]
        numbers = extract.alias_of.get(rule_id, ())
        if not numbers:
            return says, ""
        named = f"DfE rule {' and '.join(numbers)}"
        return f"{says.removesuffix('.')} ({named}).", named

    def add(field: FieldSpec, kind: RuleKind, severity: Severity, says: str, fix: str, **args: Any) -> None:
        rule_id = f"{prefix}.{field.name}.{kind.value}"
        says, source = told(rule_id, says)
        out.append(
            Rule(
                id=rule_id,
                kind=kind,
                args={"column": field.name, **args},
                severity=severity,
                says=says,
                fix=fix,
                since=field.since,
                until=field.until,
                source=source,
            )
        )

    for f in table.fields:
        if f.required:
            add(f, RuleKind.required, f.required_severity, f"{f.label} is missing.", f"Fill in {f.label}.")
        if f.type not in (FieldType.string, FieldType.code):
            severity = f.required_severity if f.required else f.unreadable_severity
            hint = f" Write it as {_example(f)}." if _example(f) else ""
            add(
                f,
                RuleKind.readable,
                severity,
                f"{f.label} cannot be read as a {_noun(f)}.",
                f"Correct {f.label}.{hint}",
            )
        if f.type is FieldType.code:
            severity = f.required_severity if f.required else Severity.warn
            add(
                f,
                RuleKind.codelist,
                severity,
                f"{f.label} is not a code of the list.",
                f"Use a code of the list {f.codelist}.",
                codelist=f.codelist,
            )
            add(
                f,
                RuleKind.codelist_year,
                Severity.note,
                f"{f.label} is a code of another year's list; it was kept.",
                f"Check that {f.label} uses this year's list.",
                codelist=f.codelist,
            )
            add(
                f,
                RuleKind.codelist_spelling,
                Severity.note,
                f"{f.label} was written another way and was mended.",
                f"Send {f.label} as the code of the list.",
                codelist=f.codelist,
            )
        if f.min is not None or f.max is not None:
            add(
                f,
                RuleKind.range,
                Severity.warn,
                f"{f.label} is outside what is possible.",
                f"Check {f.label}.",
                min=f.min,
                max=f.max,
            )
        if f.pattern:
            add(
                f,
                RuleKind.pattern,
                # A stored key that does not look like one may be somebody's name, and the row cannot do without it.
                Severity.reject_row
                if f.treatment is Treatment.keep and f.name in table.grain
                else Severity.warn,
                f"{f.label} is not in the expected form.",
                f"Check {f.label}.",
                pattern=f.pattern,
            )
        if f.max_length:
            add(
                f,
                RuleKind.max_length,
                Severity.warn,
                f"{f.label} is too long.",
                f"Shorten {f.label} to {f.max_length} characters.",
                max_length=f.max_length,
            )
        if f.checksum:
            add(
                f,
                RuleKind.checksum,
                Severity.warn,
                f"{f.label} fails its check digit.",
                f"Check {f.label}; a digit is wrong.",
                checksum=f.checksum,
            )
        add(
            f,
            RuleKind.mended,
            Severity.note,
            f"{f.label} was written another way and was mended.",
            f"Send {f.label} as the specification says, and leave the cell empty when there is nothing to say.",
        )
    if table.grain:
        names = ", ".join(table.by_name[g].label.removeprefix("the ") for g in table.grain)
        says, source = told(f"{prefix}.unique", f"The row repeats another: same {names}.")
        out.append(
            Rule(
                id=f"{prefix}.unique",
                kind=RuleKind.unique,
                args={"columns": list(table.grain)},
                severity=table.grain_severity,
                says=says,
                fix="Send the row once.",
                source=source,
            )
        )
    return (*out, *table.rules)


def _noun(field: FieldSpec) -> str:
    return {
        FieldType.integer: "whole number",
        FieldType.decimal: "number",
        FieldType.date: "date",
        FieldType.timestamp: "date and time",
        FieldType.boolean: "yes or no",
        FieldType.figure: "figure",
    }.get(field.type, "value")


def _example(field: FieldSpec) -> str:
    if field.formats:
        return dt.datetime(2025, 4, 27, 14, 30).strftime(field.formats[0])  # noqa: DTZ001 - an example, in no zone
    return {FieldType.boolean: "1 or 0", FieldType.integer: "12"}.get(field.type, "")


class Contracts(Mapping[str, Extract]):
    """All contracts, keyed `agency/extract`, with their agencies, shared fields and code lists."""

    def __init__(
        self,
        extracts: Mapping[str, Extract],
        agencies: Mapping[str, Agency],
        codelists: Mapping[str, CodeList],
    ) -> None:
        self._extracts, self.agencies, self.codelists = dict(extracts), dict(agencies), dict(codelists)

    def __getitem__(self, key: str) -> Extract:
        return self._extracts[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._extracts)

    def __len__(self) -> int:
        return len(self._extracts)

    def submitter(self, name: str) -> Submitter:
        """The submitter of that name. Raises KeyError when no agency has it."""
        return self._submitters[name]

    @cached_property
    def _submitters(self) -> dict[str, Submitter]:
        return {s.name: s for a in self.agencies.values() for s in a.submitters}


def load_contracts(root: Path = CONTRACTS_DIR) -> Contracts:
    """Read every contract below `root`. Raises ContractError naming the file and the place."""
    return _load(root.resolve())


@lru_cache(maxsize=8)
def _load(root: Path) -> Contracts:
    shared = read_yaml(root / "_fields.yml")
    agencies = {a["agency"]: Agency(**a) for a in read_yaml(root / "_agencies.yml")}
    codelists = _codelists(root / "_codelists")
    extracts: dict[str, Extract] = {}
    for path in sorted(p for p in root.glob("[!_]*/*.yml") if not p.name.endswith(RULES_SUFFIX)):
        raw = _with_rules(read_yaml(path), path)
        raw["tables"] = tuple(_table(name, spec, shared, path) for name, spec in raw["tables"].items())
        extract = _build(Extract, raw, path)
        if path.parent.name != extract.agency or path.stem != extract.extract:
            raise ContractError(f"{path.name}: the file must lie at {extract.agency}/{extract.extract}.yml")
        if extract.agency not in agencies:
            raise ContractError(f"{path.name}: unknown agency {extract.agency}")
        known = {s.name for s in agencies[extract.agency].submitters}
        if set(extract.submitters) - known:
            raise ContractError(f"{path.name}: unknown submitters {sorted(set(extract.submitters) - known)}")
        for table in extract.tables:
            for field in table.fields:
                if field.codelist and field.codelist not in codelists:
                    raise ContractError(
                        f"{path.name}: {table.name}.{field.name}: no code list {field.codelist}"
                    )
                if field.codelist and field.split:
                    inside = set(field.split + CODE_SEPARATOR)
                    if torn := [c for c in codelists[field.codelist].stored() if inside & set(c)]:
                        raise ContractError(
                            f"{path.name}: {table.name}.{field.name}: spellings with a separator in them {torn}"
                        )
        extracts[extract.key] = extract
    return Contracts(extracts, agencies, codelists)


def _with_rules(raw: dict[str, Any], path: Path) -> dict[str, Any]:
    """The contract with what stands in the file of rules beside it, when there is one."""
    beside = path.with_name(path.stem + RULES_SUFFIX)
    if not beside.exists():
        return raw
    more = read_yaml(beside)
    for name, spec in more.pop("tables", {}).items():
        if name not in raw["tables"]:
            raise ContractError(f"{beside.name}: no table {name} in the contract")
        if set(spec) != {"rules"}:
            raise ContractError(f"{beside.name}: {name}: only rules")
        raw["tables"][name]["rules"] = [*raw["tables"][name].get("rules", []), *spec["rules"]]
    views = more.pop("views", {})
    return {**raw, **more, "views": [{"name": name, **spec} for name, spec in views.items()]}


def _codelists(folder: Path) -> dict[str, CodeList]:
    """Code lists by name. `codes_of` names a list whose codes are this one's too: an extract whose senders write in their
    own way has spellings, and codes that map to the shared ones, and no second list of the same codes."""
    found = {p: read_yaml(p) for p in sorted(folder.glob("*.yml"))}
    plain = {p.stem: raw.get("codes", []) for p, raw in found.items()}
    out: dict[str, CodeList] = {}
    for path, raw in found.items():
        same = raw.pop("codes_of", None)
        if same is not None and (
            same not in plain or not all(c.get("maps_to") for c in raw.get("codes", []))
        ):
            raise ContractError(f"{path.name}: codes_of names a list, and codes beside it map to that list's")
        shared = [c for c in plain[same] if not c.get("maps_to")] if same else []
        codes = [*shared, *raw.pop("codes", [])]
        out[path.stem] = _build(CodeList, {"name": path.stem, **raw, "codes": codes}, path)
    return out


def _table(name: str, spec: dict[str, Any], shared: dict[str, Any], path: Path) -> Table:
    fields: list[FieldSpec] = []
    for field_name, own in spec.pop("fields").items():
        own = dict(own or {})
        use = own.pop("use", field_name)
        base = dict(shared.get(use, {}))
        if not base and "type" not in own:
            raise ContractError(f"{path.name}: {name}.{field_name}: not in _fields.yml, so it needs a type")
        fields.append(_build(FieldSpec, {"name": field_name, **base, **own}, path, f"{name}.{field_name}"))
    spec["fields"] = tuple(fields)
    return _build(Table, {"name": name, **spec}, path, name)


def _build(model: type[M], raw: dict[str, Any], path: Path, place: str = "") -> M:
    try:
        return model.model_validate(raw)
    except ValueError as error:
        raise ContractError(f"{path.name}: {place}: {error}") from error


def read_yaml(path: Path) -> Any:
    """What a contract, code list or agreement file says, with YAML 1.2's booleans."""
    with path.open(encoding="utf-8") as handle:
        return yaml.load(handle, Loader=_Loader)  # noqa: S506 - a SafeLoader


#: The same loader in C where it is built in: code lists have thousands of spellings.
_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Safe):
    """YAML 1.2's booleans only: a code `no` or a spelling `yes` stays a word."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, rx) for tag, rx in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
