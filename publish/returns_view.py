"""The state of the returns: who has sent what, how late, how good, and what each sender does next.

Lives here: the view of the returns page and of what senders must do.
Add here: another fact about returns.
Must not live here: judging files (the quality tables have), exact counts of rows.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Any

import pandas as pd

from ingest.contract import Contracts
from publish import words
from publish.board import Board, as_date, text
from publish.indicator_view import indicator

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
    """What each sender must do next, most pressing first: send what is missing, mend what fails."""
    names = Names(contracts)
    out: list[dict[str, Any]] = []
    for submitter, mine in board.returns.groupby("submitter", sort=True):
        missing = mine[mine["status"] == "missing"]
        steps = [
            f"Send {_lower(names.extract(a, e))} for {_several_periods(list(g['period']))}"
            for (a, e), g in missing.groupby(["agency", "extract"], sort=True)
        ]
        rules = board.rules
        bad = rules[(rules["submitter"] == submitter) & (rules["fixes"] == "sender") & rules["severity"].isin(["block_file", "reject_row", "warn"])]
        steps += [
            f"Mend {_lower(names.extract(r['agency'], r['extract']))}: {_decap(r['says'])} ({_rows(r['failed'], r['failed_symbol'])})"
            for r in bad.head(3).to_dict("records")
        ]
        year = mine[pd.to_datetime(mine["due_on"]).dt.date > board.as_of - dt.timedelta(days=365)]
        year = year[year["status"] != "not_yet_due"]
        out.append(
            {"name": names.sender(submitter), "steps": steps,
             "missing": len(missing), "due": len(year), "on_time": int((year["status"] == "on_time").sum()),
             "late": int((year["status"] == "late").sum())}
        )  # fmt: skip
    return sorted(out, key=lambda s: (-s["missing"], -len(s["steps"]), s["name"]))


def _lower(title: str) -> str:
    """A title inside a sentence, unless it starts with an abbreviation."""
    return title if title[:2].isupper() or title.startswith("NHS") else title[:1].lower() + title[1:]


def _decap(sentence: str) -> str:
    return _lower(sentence.strip().rstrip("."))


def _rows(n: float, symbol: str) -> str:
    return "1 to 7 rows" if symbol == "c" else "rows not counted" if math.isnan(n) else f"about {words.number(n)} rows"


def _several_periods(periods: list[str]) -> str:
    said = [_period(p) for p in sorted(periods, reverse=True)]
    return words.several(said[:4]) + (f" and {len(said) - 4} earlier periods" if len(said) > 4 else "")


def _period(period: str) -> str:
    """A sender's period in words: 2025-06 is June 2025, 2025-26-Q1 is quarter 1 of 2025-26."""
    if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", period) and not _is_year(period):
        return f"{dt.date(int(period[:4]), int(period[5:]), 1):%B %Y}"
    if quarter := re.fullmatch(r"(\d{4}-\d\d)-Q(\d)", period):
        return f"quarter {quarter[2]} of {quarter[1]}"
    return period


def _short_period(period: str) -> str:
    """The same for the head of a narrow column: Jun 2025, Q1 2025-26."""
    if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", period) and not _is_year(period):
        return f"{dt.date(int(period[:4]), int(period[5:]), 1):%b %Y}"
    return f"Q{period[-1]} {period[:7]}" if "-Q" in period else period


def _is_year(period: str) -> bool:
    return bool(re.fullmatch(r"\d{4}-\d\d", period)) and (int(period[:4]) + 1) % 100 == int(period[5:])


def returns(board: Board, contracts: Contracts, receipts: set[str]) -> dict[str, Any]:
    names = Names(contracts)
    r = board.returns.assign(cadence=[_cadence(s, e) for s, e in zip(board.returns["period_start"], board.returns["period_end"], strict=True)])
    matrices: list[dict[str, Any]] = []
    for cadence, title, keep in (("month", "Monthly returns", 12), ("quarter", "Quarterly returns", 8), ("year", "Yearly returns", 4)):
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
        for x in board.rules[board.rules["severity"] != "note"].head(20).to_dict("records")
    ]  # fmt: skip
    quality = [v for v in (indicator(board, i) for i in ("DQ01", "DQ02", "DQ06")) if v]
    return {
        "matrices": matrices, "due": due, "on_time": on_time, "senders": acts(board, contracts), "rules": rules,
        "indicators": quality, "recent": _recent(board, names, receipts),
    }  # fmt: skip


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
        note = f"due {due.day} {due:%b %Y}"
    sub = text(x["submission_id"])
    return {"status": status, "label": STATUS.get(status, status), "note": note, "receipt": sub if sub in receipts else ""}


def _recent(board: Board, names: Names, receipts: set[str]) -> list[dict[str, str]]:
    """The last files taken in, with what was received, accepted and not used."""
    s = board.submissions[board.submissions["agency"] != "published"]
    s = s.sort_values(["received_at", "submission_id"], ascending=False, kind="stable").head(25)
    out: list[dict[str, str]] = []
    for x in s.to_dict("records"):
        got = as_date(x["received_at"])
        out.append(
            {"extract": names.extract(x["agency"], x["extract"]), "sender": names.sender(x["submitter"]),
             "period": _period(text(x["period"])), "received": words.day(got) if got else "",
             "status": {"accepted": "Accepted", "partly_accepted": "Accepted, some rows not used", "refused": "Refused"}.get(str(x["status"]), str(x["status"])),
             "rows": words.count(x["rows_received"], x["rows_received_symbol"]),
             "accepted": words.count(x["rows_accepted"], x["rows_accepted_symbol"]),
             "rejected": words.count(x["rows_rejected"], x["rows_rejected_symbol"]),
             "receipt": x["submission_id"] if x["submission_id"] in receipts else ""}
        )  # fmt: skip
    return out
