"""Information-sharing agreements: which field, from whom, for what purpose, from when to when. Default deny.

Lives here: the strict model of an agreement, loading the YAML files below `agreements/`, and the one question that the
pipeline asks: what may this submitter send us under this extract on this day?
Add here: another term that an agreement may set and the pipeline must keep.
Must not live here: reading files, dropping columns (privacy.py does, by what this answers), wording of receipts.

A field that no flow lists is not agreed and is never stored. A flow that no agreement lists is refused unread. Nothing
is inferred: a new extract needs a line in an agreement before its first file is opened.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ingest.contract import Contracts, Extract, Table, Treatment, load_contracts, read_yaml

AGREEMENTS_DIR = Path(__file__).parent / "agreements"

M = TypeVar("M", bound=BaseModel)

#: Closed lists: a purpose or a law that nobody has thought about cannot be typed in.
Purpose = Literal[
    "statutory_partnership_performance",
    "safeguarding_assurance",
    "linkage_only",
    "published_statistics",
    "testing",
]
LawfulBasis = Literal["art6-1-c", "art6-1-e", "dpa2018-part3", "not_personal_data"]
Audience = Literal["restricted", "partner_internal", "partnership_board", "public"]
Necessity = Literal["required", "optional", "linkage_only", "prohibited", "not_agreed"]


class AgreementError(ValueError):
    """An agreement file breaks the model or names what no contract has. The message names the file and the place."""


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Party(Strict):
    """Who is bound. Roles only; signatures lie with the signed paper."""

    role: Literal["controller", "joint_controller", "processor", "recipient"]
    name: str
    submitter: str | None = None  # the submitter of the contracts that this party is, when it sends


class Retention(Strict):
    """How long each copy is kept, and how it goes."""

    landing_days: int = Field(ge=0)  # the file as sent
    raw_years: int | None = Field(None, ge=0)  # pseudonymised rows; None only for open data
    identity_years: int | None = Field(None, ge=0)  # identifiers, in the identity store
    disposal: Literal["delete", "crypto_shred", "none"]
    counted_from: Literal["received", "period_end"] = "period_end"


class Clauses(Strict):
    """Where in the signed paper each ground of a decision stands; refusals quote them."""

    parties: str
    data: str
    start: str
    end: str
    suspension: str


class TableTerms(Strict):
    """Necessity of each field of one table. A field in no list is not agreed."""

    required: tuple[str, ...] = ()  # the purpose fails without it
    optional: tuple[str, ...] = ()  # the purpose is served better with it
    linkage_only: tuple[
        str, ...
    ] = ()  # used to recognise the same child, kept in the identity store or coarsened
    prohibited: tuple[
        str, ...
    ] = ()  # must not be sent; dropped unread when it is, and reported to the sender

    @model_validator(mode="after")
    def _once(self) -> TableTerms:
        listed = [*self.required, *self.optional, *self.linkage_only, *self.prohibited]
        if twice := sorted({f for f in listed if listed.count(f) > 1}):
            raise ValueError(f"fields in two lists: {twice}")
        return self

    def necessity(self, field: str) -> Necessity:
        if field in self.required:
            return "required"
        if field in self.optional:
            return "optional"
        if field in self.linkage_only:
            return "linkage_only"
        return "prohibited" if field in self.prohibited else "not_agreed"

    @property
    def permitted(self) -> frozenset[str]:
        return frozenset((*self.required, *self.optional, *self.linkage_only))


class Flow(Strict):
    """One extract under the agreement: what flows, for what, for whose eyes."""

    schedule: str  # the clause or schedule of the paper that lists the data
    purposes: tuple[Purpose, ...] = Field(min_length=1)
    returns_from: dt.date | None = (
        None  # first day of the first period that is expected; None: nothing is expected
    )
    min_audience: Audience = (
        "partner_internal"  # the smallest audience that may see rows; figures follow the release rules
    )
    every_field: bool = False  # open data only: every column of the published file, also ones added later
    tables: dict[str, TableTerms] = Field(default_factory=dict[str, TableTerms])

    @model_validator(mode="after")
    def _something(self) -> Flow:
        if self.every_field == bool(self.tables):
            raise ValueError("a flow lists tables, or takes every field of open data; one of the two")
        return self


class Agreement(Strict):
    """One agreement with one kind of sender, as the machine enforces it."""

    id: str = Field(pattern=r"^[A-Z][A-Z0-9-]{2,30}$")
    title: str
    version: str
    above: str = ""  # the protocol under which it stands
    status: Literal["draft", "in_force", "ended"]
    effective_from: dt.date
    effective_to: dt.date | None = None  # last day in force; open only for open data
    review_by: dt.date | None = None
    suspended: bool = False
    parties: tuple[Party, ...] = Field(min_length=1)
    lawful_basis: tuple[LawfulBasis, ...] = Field(min_length=1)
    statutory_gateway: tuple[str, ...] = ()
    special_category_condition: str = ""
    criminal_offence_condition: str = ""
    licence: str = ""  # open data: the licence is the agreement
    retention: Retention
    clauses: Clauses
    flows: dict[str, Flow]

    @property
    def submitters(self) -> frozenset[str]:
        return frozenset(p.submitter for p in self.parties if p.submitter)

    @model_validator(mode="after")
    def _bounded(self) -> Agreement:
        open_data = bool(self.licence)
        if not open_data and (self.effective_to is None or self.review_by is None):
            raise ValueError("an agreement about personal data ends and is reviewed on stated days")
        if not open_data and (self.retention.raw_years is None or not self.statutory_gateway):
            raise ValueError(
                "an agreement about personal data states its retention and its statutory gateway"
            )
        if not open_data and any(f.every_field for f in self.flows.values()):
            raise ValueError("only open data may flow without a list of fields")
        if self.effective_to and self.effective_to < self.effective_from:
            raise ValueError("the agreement ends before it starts")
        return self


@dataclass(frozen=True)
class Permission:
    """Granted: per table, the fields that may be stored and those that must not have been sent."""

    agreement_id: str
    agreement_version: str
    clause: str
    fields: Mapping[str, frozenset[str]]
    prohibited: Mapping[str, frozenset[str]]
    purposes: tuple[str, ...]
    min_audience: Audience
    retention: Retention
    review_overdue: bool = False

    def allows(self, table: str, field: str) -> bool:
        return field in self.fields.get(table, frozenset())


@dataclass(frozen=True)
class Denied:
    """Refused unread. `code` is closed, `clause` says where the paper says so, `says` is one plain sentence."""

    code: Literal[
        "AGREEMENT-NONE",
        "AGREEMENT-SUBMITTER",
        "AGREEMENT-DRAFT",
        "AGREEMENT-NOT-STARTED",
        "AGREEMENT-EXPIRED",
        "AGREEMENT-SUSPENDED",
    ]
    clause: str
    says: str
    agreement_id: str = ""


class Agreements(Mapping[str, Agreement]):
    """All agreements by id, checked against the contracts they speak of."""

    def __init__(self, agreements: Sequence[Agreement], contracts: Contracts) -> None:
        self._by_id = {a.id: a for a in agreements}
        self.contracts = contracts

    def __getitem__(self, key: str) -> Agreement:
        return self._by_id[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def for_flow(self, key: str, submitter: str) -> list[Agreement]:
        """Agreements that list the extract and bind the submitter, the newest first."""
        found = [a for a in self._by_id.values() if key in a.flows and submitter in a.submitters]
        return sorted(found, key=lambda a: a.effective_from, reverse=True)


def permitted(agreements: Agreements, key: str, submitter: str, on: dt.date) -> Permission | Denied:
    """May this submitter send this extract on this day, and which fields? Default deny.

    `on` is the day on which the file is taken in: an agreement that has ended permits nothing from then on, whatever
    period the file is about.
    """
    candidates = agreements.for_flow(key, submitter)
    if not candidates:
        if any(key in a.flows for a in agreements.values()):
            return Denied(
                "AGREEMENT-SUBMITTER", "default deny", "No agreement lets this sender send this extract."
            )
        return Denied("AGREEMENT-NONE", "default deny", "No agreement covers this extract.")
    refusals = [(a, _refusal(a, on)) for a in candidates]
    for agreement, refusal in refusals:
        if refusal is None:
            return _permission(agreement, agreements.contracts[key], on)
    return next(r for _, r in refusals if r is not None)


def _refusal(agreement: Agreement, on: dt.date) -> Denied | None:
    """The first ground on which the agreement permits nothing on the day; None when it is in force."""

    def no(code: str, clause: str, says: str) -> Denied:
        return Denied(code, f"{agreement.id} {clause}", says, agreement.id)  # type: ignore[arg-type]

    if agreement.suspended:
        return no(
            "AGREEMENT-SUSPENDED", agreement.clauses.suspension, f"Agreement {agreement.id} is suspended."
        )
    if agreement.status == "draft":
        return no(
            "AGREEMENT-DRAFT",
            agreement.clauses.start,
            f"Agreement {agreement.id} is a draft, not yet signed.",
        )
    if on < agreement.effective_from:
        says = f"Agreement {agreement.id} starts on {agreement.effective_from:%d/%m/%Y}."
        return no("AGREEMENT-NOT-STARTED", agreement.clauses.start, says)
    if agreement.status == "ended":
        return no("AGREEMENT-EXPIRED", agreement.clauses.end, f"Agreement {agreement.id} has been ended.")
    if agreement.effective_to is not None and on > agreement.effective_to:
        says = f"Agreement {agreement.id} ended on {agreement.effective_to:%d/%m/%Y}."
        return no("AGREEMENT-EXPIRED", agreement.clauses.end, says)
    return None


def _permission(agreement: Agreement, extract: Extract, on: dt.date) -> Permission:
    flow = agreement.flows[extract.key]
    if flow.every_field:
        fields = {t.name: frozenset(t.by_name) for t in extract.tables}
        prohibited: dict[str, frozenset[str]] = {t.name: frozenset() for t in extract.tables}
    else:
        fields = {
            t.name: flow.tables[t.name].permitted if t.name in flow.tables else frozenset()
            for t in extract.tables
        }
        prohibited = {
            t.name: frozenset(flow.tables[t.name].prohibited) if t.name in flow.tables else frozenset()
            for t in extract.tables
        }
    return Permission(
        agreement_id=agreement.id,
        agreement_version=agreement.version,
        clause=f"{agreement.id} {flow.schedule}",
        fields=fields,
        prohibited=prohibited,
        purposes=flow.purposes,
        min_audience=flow.min_audience,
        retention=agreement.retention,
        review_overdue=agreement.review_by is not None and on > agreement.review_by,
    )


def load_agreements(root: Path = AGREEMENTS_DIR, contracts: Contracts | None = None) -> Agreements:
    """Read every agreement below `root` and hold it against the contracts. Raises AgreementError."""
    contracts = contracts if contracts is not None else load_contracts()
    found = _read(root.resolve())
    problems = [p for name, a in found for p in check_agreement(a, contracts, name)]
    ids = [a.id for _, a in found]
    problems += [f"agreement id {i} is used twice" for i in sorted({i for i in ids if ids.count(i) > 1})]
    if problems:
        raise AgreementError("; ".join(problems))
    return Agreements([a for _, a in found], contracts)


def check_agreement(agreement: Agreement, contracts: Contracts, name: str = "") -> list[str]:
    """What is wrong between an agreement and the contracts: unknown extracts, tables, fields, senders, wrong necessity."""
    where = name or agreement.id
    out: list[str] = []
    for submitter in sorted(agreement.submitters):
        try:
            contracts.submitter(submitter)
        except KeyError:
            out.append(f"{where}: no contract knows the submitter {submitter}")
    for key, flow in agreement.flows.items():
        if key not in contracts:
            out.append(f"{where}: no contract {key}")
            continue
        extract = contracts[key]
        if flow.every_field:
            out += [
                f"{where}: {key}: not open data, it has identities" for t in extract.tables if t.identity
            ][:1]
            continue
        for table_name, terms in flow.tables.items():
            if table_name not in extract.by_table:
                out.append(f"{where}: {key} has no table {table_name}")
                continue
            out += _check_table(extract.by_table[table_name], terms, f"{where}: {key}.{table_name}")
    return out


def _check_table(table: Table, terms: TableTerms, where: str) -> list[str]:
    listed = (*terms.required, *terms.optional, *terms.linkage_only, *terms.prohibited)
    out = [f"{where}: the contract has no field {f}" for f in listed if f not in table.by_name]
    for field in table.fields:
        necessity = terms.necessity(field.name)
        if field.treatment is Treatment.identity and necessity in ("required", "optional"):
            out.append(f"{where}: {field.name} is an identifier, so it flows for linkage only or not at all")
        if field.treatment is Treatment.drop and field.name in terms.permitted:
            out.append(
                f"{where}: {field.name} is free text or a worker's name, which no agreement lets us keep"
            )
    return out


@lru_cache(maxsize=8)
def _read(root: Path) -> tuple[tuple[str, Agreement], ...]:
    return tuple((path.name, _one(path)) for path in sorted(root.glob("*.yml")))


def _one(path: Path) -> Agreement:
    try:
        return Agreement.model_validate(read_yaml(path))
    except ValueError as error:
        raise AgreementError(f"{path.name}: {error}") from error
