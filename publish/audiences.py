"""Who gets what: the audiences of a release and the register of what is not about children.

Lives here: which tables the analysts' file carries, which columns never do, which indicators show real counts.
Add here: a new audience, or an indicator whose counts are not about children (say why).
Must not live here: how a count is protected (disclosure.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ingest.agreement import load_agreements

#: Indicators that count returns, schools, seats or training places, not children: real counts may be shown.
#: DQ02 and DQ06 are NOT here: they count rows, and most rows are about a child.
OPEN_COUNTS: dict[str, str] = {
    "DQ01": "counts returns (files) of agencies",
    "ED01": "counts schools",
    "ED02": "counts schools",
    "ED03": "counts schools",
    "WF01": "counts training places by agency",
    "WF09": "counts seats at meetings",
    "WF10": "counts seats at meetings",
}


@dataclass(frozen=True)
class Audience:
    name: str
    folder: str
    readers: str
    rules: str


AUDIENCES = (
    Audience(
        "board", "report", "Partnership boards and their groups", "Board profile: hidden 1 to 7, rounded to 5"
    ),
    Audience(
        "board", "board", "Officers who prepare board papers", "Board profile: hidden 1 to 7, rounded to 5"
    ),
    Audience(
        "analyst",
        "analyst",
        "Named analysts under the sharing agreements; not for publication",
        "Real counts and pseudonymous rows; no identifiers, no child tokens",
    ),
    Audience(
        "sender", "receipts", "The agency that sent the file", "Rule ids, counts and row numbers; no values"
    ),
)

#: Allow-list by default deny: a warehouse table reaches the analysts' file only if its name matches one of these.
ANALYST_TABLES = re.compile(r"^(dim|fct|rec|ind)_[a-z0-9_]+$|^bridge_missing_episode_match$")
#: And never these, whatever they match: they lead back to a sender's own key for a child.
ANALYST_NEVER_TABLES = re.compile(r"token|identity|person_map")
ANALYST_NEVER_COLUMNS = re.compile(
    r"^(child_token|local_id|nhs_number|upn|former_upn|birth_date|date_of_birth|expected_birth_date|forename|surname|"
    r"given_name|family_name|postcode|address.*|.*_name_of_child|comments?|free_text|email|staff_name)$"
)


def restricted_extracts() -> frozenset[str]:
    """Extracts whose rows are for named reviewers only, by their agreements. They leave with no release."""
    return frozenset(
        key
        for agreement in load_agreements().values()
        for key, flow in agreement.flows.items()
        if flow.min_audience == "restricted"
    )


def analyst_may_have(table: str) -> bool:
    return bool(ANALYST_TABLES.match(table)) and not ANALYST_NEVER_TABLES.search(table)


def analyst_columns(columns: list[str]) -> list[str]:
    return [c for c in columns if not ANALYST_NEVER_COLUMNS.match(c)]
