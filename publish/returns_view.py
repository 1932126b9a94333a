"""The state of the returns: who has sent what, how late, how good, and what each sender does next.

Lives here: the view of the returns page and of what senders must do.
Add here: another fact about returns.
Must not live here: judging files (the quality tables have), exact counts of rows.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import pandas as pd

from ingest.contract import Contracts
from publish import words
from publish.board import COUNCILS, JOINT, Board, as_date, lower_first, text
from publish.indicator_view import css_of, when
from publish.words import PHRASES

SEVERITY = {
    "block_file": "The whole file was refused",
    "reject_row": "The rows were not used",
    "warn": "Used, but please mend",
    "note": "Mended or noted",
}
STATUS = {"on_time": "On time", "late": "Late", "missing": "Not received", "not_yet_due": "Not due yet"}


class Names:
    """Titles of returns and senders, from the contracts; the sender's own name where the contracts have none."""

    def __init__(self, contracts: Contracts) -> None:
        self._extracts = {(e.agency, e.extract): e.title for e in contracts.values()}
        self._senders = {s.name: s.title for a in contracts.agencies.values() for s in a.submitters}

    def extract(self, agency: object, extract: object) -> str:
        return self._extracts.get((str(agency), str(extract)), str(extract).replace("_", " ").capitalize())

    def sender(self, submitter: object) -> str:
        return self._senders.get(str(submitter), str(submitter).replace("_", " ").capitalize())


def last_year(board: Board) -> tuple[int, int]:
    r = board.returns
    recent = pd.to_datetime(r["due_on"]).dt.date > board.as_of - dt.timedelta(days=365)
    due = r[recent & (r["status"] != "not_yet_due")]
    return len(due), int((due["status"] == "on_time").sum())


def acts(board: Board, contracts: Contracts) -> list[dict[str, Any]]:
    """What each sender must do next, most pressing first: send what is overdue, mend what fails, return by return."""
    names = Names(contracts)
    out: list[dict[str, Any]] = []
    for submitter, mine in board.returns.groupby("submitter", sort=True):
        missing = mine[mine["status"] == "missing"]
        overdue = [
            f"Send {lower_first(names.extract(a, e))} for {words.sent_periods(list(g['period']))}"
            for (a, e), g in missing.groupby(["agency", "extract"], sort=True)
        ]
        mend = _faults(board, str(submitter), names)
        year = mine[pd.to_datetime(mine["due_on"]).dt.date > board.as_of - dt.timedelta(days=365)]
        year = year[year["status"] != "not_yet_due"]
        out.append(
            {"name": names.sender(submitter), "overdue": overdue, "mend": mend, "kinds": sum(m["kinds"] for m in mend),
             "where": "; ".join(lower_first(m["title"]) for m in mend),
             "missing": len(missing), "due": len(year), "on_time": int((year["status"] == "on_time").sum()),
             "late": int((year["status"] == "late").sum())}
        )  # fmt: skip
    return sorted(out, key=lambda s: (-s["missing"], -s["kinds"], s["name"]))


def _faults(board: Board, submitter: str, names: Names) -> list[dict[str, Any]]:
    """The faults that a sender can mend, by return: how many kinds, and the three most serious of them."""
    rules = board.rules
    bad = rules[
        (rules["submitter"] == submitter)
        & (rules["fixes"] == "sender")
        & rules["severity"].isin(["block_file", "reject_row", "warn"])
    ]
    out: list[dict[str, Any]] = []
    for (agency, extract), g in bad.groupby(["agency", "extract"], sort=True):
        kinds = g.drop_duplicates("says")  # the same words for two tables of a return are one thing to do
        faults = [
            f"{r['says'].strip().rstrip('.')}{_rows(r['failed'], r['failed_symbol'])}"
            for r in kinds.head(3).to_dict("records")
        ]
        out.append({"title": names.extract(agency, extract), "kinds": len(kinds), "faults": faults})
    return out


def _rows(n: float, symbol: str) -> str:
    """How many rows a fault is in. The usual 1 to 7 is said once above the list, not with every fault."""
    return "" if symbol == "c" or math.isnan(n) else f" (about {words.number(n)} rows)"


def _short_period(period: str) -> str:
    """The same for the head of a narrow column: Jun 2025, Q1 2025-26."""
    if words.is_month(period):
        return f"{dt.date(int(period[:4]), int(period[5:]), 1):%b %Y}"
    whole = period.replace("-", "\N{NON-BREAKING HYPHEN}")
    return f"Q{period[-1]} {whole[:7]}" if "-Q" in period else whole


def returns(board: Board, contracts: Contracts, receipts: set[str]) -> dict[str, Any]:
    names = Names(contracts)
    r = board.returns.assign(
        cadence=[
            _cadence(s, e)
            for s, e in zip(board.returns["period_start"], board.returns["period_end"], strict=True)
        ]
    )
    matrices: list[dict[str, Any]] = []
    for cadence, title, keep in (
        ("month", "Monthly returns", 12),
        ("quarter", "Quarterly returns", 8),
        ("year", "Yearly returns", 4),
    ):
        mine = r[r["cadence"] == cadence]
        if mine.empty:
            continue
        begun = mine[pd.to_datetime(mine["period_end"]).dt.date <= board.as_of]
        shown = sorted(set(begun["period"]), reverse=True)[:keep]  # newest first: nobody scrolls to find it
        rows: list[dict[str, Any]] = []
        for (agency, extract, submitter), g in mine.groupby(["agency", "extract", "submitter"], sort=True):
            by_period = {str(x["period"]): x for x in g.to_dict("records")}
            rows.append(
                {"extract": names.extract(agency, extract), "sender": names.sender(submitter),
                 "cells": [_return_cell(by_period.get(p), receipts) for p in shown]}
            )  # fmt: skip
        matrices.append({"title": title, "periods": [_short_period(p) for p in shown], "rows": rows})
    due, on_time = last_year(board)
    rules = [
        {"says": x["says"], "severity": SEVERITY.get(x["severity"], x["severity"]), "failed": words.count(x["failed"], x["failed_symbol"]),
         "checked": words.count(x["checked"], x["checked_symbol"]), "rule": x["rule_id"],
         "sender": names.sender(x["submitter"]), "extract": names.extract(x["agency"], x["extract"])}
        for x in _most_rows(board.rules[board.rules["severity"] != "note"]).head(15).to_dict("records")
    ]  # fmt: skip
    overdue = [f"{s['name']}: {lower_first(t)}" for s in acts(board, contracts) for t in s["overdue"]]
    return {
        "matrices": matrices, "due": due, "on_time": on_time, "senders": acts(board, contracts), "rules": rules,
        "overdue": overdue, "quality": _quality(board), "recent": _recent(board, names, receipts), "gaps": _gaps(board),
    }  # fmt: skip


#: What a fact of the worklist is to a reader.
FACT_WORDS = {
    "fct_referral": "Referrals",
    "fct_assessment": "Assessments",
    "fct_section47": "Section 47 enquiries",
    "fct_cp_plan": "Child protection plans",
}


def _gaps(board: Board) -> list[dict[str, str]]:
    """Where a council's lists for Ofsted and its census differ: what differs and how often, never what was said."""
    out: list[dict[str, str]] = []
    for (fact, gap, field), g in board.list_gaps.groupby(["fact", "gap", "field"], sort=True):
        what = "only in the lists" if gap == "only_in_list" else f"{str(field).replace('_', ' ')} differs"
        row = {"what": f"{FACT_WORDS.get(str(fact), str(fact))}: {what}"}
        for area in COUNCILS:
            hit = g[g["area_code"] == area]
            row[css_of(area)] = (
                "0" if hit.empty else words.count(float(hit["n"].iloc[0]), str(hit["n_symbol"].iloc[0]))
            )
        out.append(row)
    return out


def _most_rows(rules: pd.DataFrame) -> pd.DataFrame:
    """By the rows that fail, as they are shown: the order of hidden numbers says nothing."""
    return rules.assign(shown=rules["failed"].fillna(0)).sort_values("shown", ascending=False, kind="stable")


def _quality(board: Board) -> list[dict[str, Any]]:
    """The figures about the returns themselves: one row a figure, one cell an area. They hardly move, so no chart."""
    rows: list[dict[str, Any]] = []
    for ind in ("DQ01", "DQ02", "DQ05", "DQ06"):
        if not board.has(ind):
            continue
        kind = PHRASES[ind].kind
        cells: list[dict[str, Any]] = []
        for area in (*COUNCILS, JOINT):
            now, before = board.latest(ind, area)
            cell = {"value": "x", "parts": "", "period": "", "before": "", "css": css_of(area)}
            if now:
                cell |= {"value": words.amount(now.value, kind) if now.is_shown else now.symbol or "x", "period": when(now, kind),
                         "parts": words.of_parts(now, kind), "before": words.before_note(before, kind)}  # fmt: skip
            cells.append(cell)
        meaning = board.register.get(ind, {}).get("meaning", "")
        rows.append({"id": ind, "short": PHRASES[ind].short, "meaning": meaning, "cells": cells})
    return rows


def _cadence(start: object, end: object) -> str:
    days = (pd.Timestamp(end) - pd.Timestamp(start)).days  # pyright: ignore
    return "month" if days < 40 else "quarter" if days < 120 else "year"


def _return_cell(x: dict[Any, Any] | None, receipts: set[str]) -> dict[str, str]:
    if x is None:
        return {"status": "none", "label": "Not expected", "note": "", "receipt": ""}
    status, due, got = str(x["status"]), as_date(x["due_on"]), as_date(x["first_received_on"])
    note = ""
    if status == "late" and due and got:
        note = words.plural((got - due).days, "day")
    if status in ("missing", "not_yet_due") and due:
        note = f"due {due.day} {due:%B}"
    sub = text(x["submission_id"])
    return {
        "status": status,
        "label": STATUS.get(status, status),
        "note": note,
        "receipt": sub if sub in receipts else "",
    }


def _recent(board: Board, names: Names, receipts: set[str]) -> list[dict[str, str]]:
    """The last files taken in, with what was received, accepted and not used."""
    s = board.submissions[board.submissions["agency"] != "published"]
    s = s.sort_values(["received_at", "submission_id"], ascending=False, kind="stable").head(25)
    out: list[dict[str, str]] = []
    rates = {text(r["submission_id"]): r for r in board.linkage.rates.to_dict("records")}
    for x in s.to_dict("records"):
        got = as_date(x["received_at"])
        out.append(
            {"extract": names.extract(x["agency"], x["extract"]), "sender": names.sender(x["submitter"]),
             "period": words.sent_period(text(x["period"])), "received": words.day(got) if got else "",
             "status": {"accepted": "Accepted", "partly_accepted": "Accepted, some rows not used", "refused": "Refused"}.get(str(x["status"]), str(x["status"])),
             "rows": words.count(x["rows_received"], x["rows_received_symbol"]),
             "accepted": words.count(x["rows_accepted"], x["rows_accepted_symbol"]),
             "rejected": words.count(x["rows_rejected"], x["rows_rejected_symbol"]),
             "matched": _matched(rates.get(text(x["submission_id"]))),
             "receipt": x["submission_id"] if x["submission_id"] in receipts else ""}
        )  # fmt: skip
    return out


def _matched(x: dict[Any, Any] | None) -> str:
    """The match rate of a return with its parts; nothing for one that is not about children, or no longer in force."""
    if x is None:
        return ""
    if math.isnan(x["value"]):
        return text(x["symbol"]) or "x"
    return f"{words.amount(x['value'], 'percent')} ({words.count(x['n'], x['n_symbol'])} of {words.count(x['d'], x['d_symbol'])})"
