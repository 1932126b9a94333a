"""Every table of the partnership's data specification has a contract with all that follows from it.

The list below is the specification's (its section 4): the one place where it is written down, so that an extract cannot go
missing by being removed from the contracts.
"""

from __future__ import annotations

import itertools
import re

from ingest.agreement import load_agreements
from ingest.contract import Extract, FieldType, Table, load_contracts
from ingest.projections.synthetic import valid_rows

#: Code -> what it is about. LA councils, PO police, HE health, SC schools, PA the office.
SPECIFICATION = {
    "LA01": "person", "LA02": "contact", "LA02b": "MASH request", "LA03": "early help", "LA04": "referral",
    "LA05": "assessment", "LA05b": "assessment factor", "LA06": "strategy discussion", "LA07": "section 47 and conference",
    "LA08": "child protection plan", "LA08b": "child protection visit", "LA08c": "child protection review",
    "LA09": "conference attendance", "LA10": "episode of care", "LA10d": "deprivation of liberty", "LA10e": "care leaver",
    "LA10f": "notification of a child placed here", "LA11": "health of children in care", "LA12": "missing and return interview",
    "LA13": "exploitation panel", "LA14": "court", "LA15": "private fostering", "LA16": "home education and missing education",
    "LA17": "attendance and exclusion", "LA18": "workforce", "LA18b": "change of social worker", "LA19": "allegation",
    "LA20": "graded care profile",
    "PO01": "missing episode", "PO02": "domestic abuse", "PO03": "crime against a child", "PO04": "police protection",
    "PO05": "Operation Encompass", "PO06": "DASH and MARAC", "PO07": "national referral mechanism", "PO08": "protection notice",
    "PO09": "custody",
    "HE01": "health visiting", "HE02": "emergency department", "HE03": "admission", "HE04": "health assessment",
    "HE05": "mental health", "HE06": "was not brought", "HE07": "health workforce", "HE08": "maternity", "HE09": "child death",
    "SC01": "safeguarding return", "SC02": "answers", "SC03": "school", "SC04": "follow-up",
    "PA01": "training", "PA01b": "evaluation", "PA02": "meeting", "PA03": "serious incident", "PA04": "action", "PA05": "audit",
    "PA06": "section 11", "PA07": "restraint", "PA08": "assurance return", "PA09": "budget", "PA10": "escalation",
    "PA11": "sharing permission", "PA12": "voice",
}  # fmt: skip
#: The pipeline writes this one itself, so nobody sends it: the models of what was due and what came.
OUR_OWN = {"PA13": "fct_return_log"}

CONTRACTS = load_contracts()
AGREEMENTS = load_agreements()
PERSONAL = [k for k, e in CONTRACTS.items() if not e.licence]


def codes(extract: Extract) -> set[str]:
    return set(re.split(r"[/, ]+", extract.code))


def specified() -> list[Extract]:
    return [e for e in CONTRACTS.values() if codes(e) & set(SPECIFICATION)]


def test_every_table_of_the_specification_has_a_contract() -> None:
    have = {code for extract in CONTRACTS.values() for code in codes(extract)}
    assert {code: about for code, about in SPECIFICATION.items() if code not in have} == {}


def test_what_the_specification_asks_for_is_agreed_with_everyone_who_sends_it() -> None:
    flows = [(e.key, submitter) for e in specified() for submitter in e.submitters]
    assert [flow for flow in flows if not AGREEMENTS.for_flow(*flow)] == []


def test_what_the_specification_asks_for_is_sent_to_us() -> None:
    """So each has a specification sheet and a template (tests/golden): only open data has none."""
    assert [e.key for e in specified() if e.licence] == []


def test_every_table_that_the_specification_asks_for_can_be_made_up() -> None:
    made = {
        f"{extract.key}.{table.name}": len(valid_rows(extract, table.name, 3))
        for extract in specified()
        for table in extract.at(2026).tables
        if not table.parent
    }
    assert {place: count for place, count in made.items() if count != 3} == {}


def test_no_contract_is_of_nothing_in_the_specification() -> None:
    known = set(SPECIFICATION) | {"PUB", "ANX-A", "CSC"}
    assert {k: codes(e) - known for k, e in CONTRACTS.items() if codes(e) - known} == {}


def test_every_extract_and_table_says_what_it_is_in_words() -> None:
    short = [f"{key}.{t.name}" for key, e in CONTRACTS.items() for t in e.tables if len(t.title) < 4] + [
        key for key, e in CONTRACTS.items() if len(e.description) < 30
    ]
    assert short == []


def own_fields(table: Table) -> frozenset[tuple[str, FieldType]]:
    return frozenset((f.name, f.type) for f in table.fields)


def test_no_table_is_another_one_with_its_names_changed() -> None:
    """Two tables of our own layouts that share most of their fields ought to be one. Statutory layouts are as they are."""
    ours = [
        (f"{key}.{t.name}", own_fields(t))
        for key in PERSONAL
        if CONTRACTS[key].layout.by == "the partnership"
        for t in CONTRACTS[key].tables
    ]
    alike = [(a, b) for (a, x), (b, y) in itertools.combinations(ours, 2) if len(x & y) / len(x | y) > 0.6]
    assert alike == []
