"""Recognising the same child: the page about linkage, and the note beside every figure that rests on it.

Lives here: the view of the page, and what linkage error means for a figure made of two agencies' records.
Add here: another fact about linkage that a reader needs.
Must not live here: exact counts (the board has none), linkage itself, drawing (figures.py).
"""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
from markupsafe import Markup

from ingest.contract import Contracts
from publish import figures, words
from publish.board import Board, lower_first, text
from publish.indicator_view import BREAKDOWN_ORDER
from publish.returns_view import Names
from publish.words import PHRASES

EVERY, ANY = "all", "any"
#: How an agency is called in a sentence about whose records are compared.
AGENCY = {"council": "council", "police": "police", "health": "health", "school": "school"}
GROUP_KINDS = {"sex": "Sex", "age_band": "Age", "ethnicity_broad": "Ethnicity"}
#: Children who are hard to tell apart, or hard to see as one, as the synthetic partnership marks them.
HARD_CASES = {
    "two children of one family": "Two children of one family, linked as one",
    "new identity with the one before": "A child with a new identity, linked to the one before",
    "twin": "Twins",
    "same_name_sibling": "Brothers and sisters with like names",
    "shared_upn": "Children who share one pupil number",
    "second_record": "A child with two records in one agency",
    "unborn": "Known before birth",
    "identity_ended": "Adopted, or under a special guardian: before the new identity",
    "new_identity": "Adopted, or under a special guardian: after it",
    "council_move": "Moved between the two councils",
    "name_change": "Changed name",
    "protected_address": "Protected address",
    "transliterated": "Name written in another alphabet's spelling",
    "stand_in_birth": "A stand-in for the date of birth",
}
MANY = {1: "one agency", 2: "two agencies", 3: "three agencies", 4: "four agencies"}


def recognising(board: Board, contracts: Contracts) -> dict[str, Any]:
    """Everything on the page."""
    names = Names(contracts)
    rates = _rates(board, names)
    panels = _panels(board)
    return {
        "known": _known(board), "waiting": _waiting(board), "rates": rates, "year": _year(board),
        "measured": text(board.linkage.quality["measured_on"].iloc[0]) if len(board.linkage.quality) else "",
        "panels": panels, "low": [t for p in panels for t in p["low"]], "inside": _inside(board), "hard": _hard(board),
        "events": _events(board), "lowest": _lowest(rates),
    }  # fmt: skip


def error_note(board: Board, indicator: str) -> str:
    """What linkage error does to a figure made of two agencies' records; nothing for one agency's own, or unmeasured."""
    sources = board.register.get(indicator, {}).get("sources", "")
    agencies = sorted({s.strip().split("/")[0] for s in sources.split(",")} & set(AGENCY))
    if len(agencies) < 2:
        return ""
    a, b = agencies if len(agencies) == 2 else (EVERY, EVERY)
    row = _one(board.linkage.quality, a, b)
    if row is None or row["recall_symbol"]:
        return ""
    whose = f"{_pair(a, b)} records" if a != EVERY else "different agencies' records"
    return (
        f"Rests on recognising the same child in {whose}: of the pairs of records that are one child,"
        f" {_share(row, 'recall')} are found, so some that agree are not seen to."
    )


def first_page(board: Board) -> str:
    """One line for the first page: how many children are known to more than one agency."""
    rows = _known(board)
    return rows["said"] if rows else ""


# --- parts of the page


def _known(board: Board) -> dict[str, Any]:
    """How many children are known to one, two, three, four agencies."""
    k = board.linkage.known_to
    if k.empty:
        return {}
    shown = {int(n): (v, str(s)) for n, v, s in zip(k["n_agencies"], k["n_children"], k["n_children_symbol"], strict=True)}  # fmt: skip
    rows = [
        {"many": MANY.get(n, f"{n} agencies").capitalize(), "children": words.count(*shown[n])}
        for n in sorted(shown)
    ]
    several = sum(v for n, (v, s) in shown.items() if n > 1 and not s)
    every = sum(v for v, s in shown.values() if not s)
    said = (
        f"Of about {words.number(every)} children, about {words.number(several)} are known to more than one agency."
        if every and several
        else ""
    )
    return {"rows": rows, "said": said}


def _waiting(board: Board) -> str:
    """How many pairs wait for a person's decision, in words."""
    if "review_pairs" not in board.linkage.counts:
        return ""
    n, symbol = board.linkage.counts["review_pairs"]
    if n == 0 and not symbol:
        return "No pair of records waits for a person's decision."
    many = "1 to 7 pairs" if symbol else f"About {words.number(n)} pairs"
    return f"{many} of records wait for a person's decision."


def _year(board: Board) -> str:
    rates = board.linkage.by_sender
    return str(rates["year"].iloc[0]) if len(rates) else ""


def _rates(board: Board, names: Names) -> list[dict[str, Any]]:
    """Match rate of each sender over its returns of the year, the lowest first, with each return below it."""
    r = board.linkage.by_sender
    out: list[dict[str, Any]] = []
    for x in r[r["extract"] == ""].to_dict("records") if len(r) else []:
        mine = r[(r["submitter"] == x["submitter"]) & (r["extract"] != "")]
        parts = [_rate(p) | {"title": names.extract(p["agency"], p["extract"])} for p in mine.to_dict("records")]  # fmt: skip
        out.append(_rate(x) | {"name": names.sender(x["submitter"]), "parts": parts, "order": x["value"]})
    return sorted(out, key=lambda s: (math.isnan(s["order"]), s["order"], s["name"]))


def _rate(x: dict[Any, Any]) -> dict[str, Any]:
    shown = not math.isnan(x["value"])
    return {
        "value": words.amount(x["value"], "percent") if shown else x["symbol"] or "x",
        "n": words.count(x["n"], x["n_symbol"]), "d": words.count(x["d"], x["d_symbol"]),
        "range": f"{x['low']:.1f} to {x['high']:.1f}" if shown else "",
    }  # fmt: skip


def _lowest(rates: list[dict[str, Any]]) -> str:
    shown = [r for r in rates if not math.isnan(r["order"])]
    return f"{shown[0]['name']} ({shown[0]['value']}, {shown[0]['n']} of {shown[0]['d']})" if shown else ""


def _panels(board: Board) -> list[dict[str, Any]]:
    """One panel for all agencies and one for every two: how many pairs are found, of whom fewer, how many are right."""
    q = board.linkage.quality
    held = {(str(a), str(b)) for a, b in zip(q["agency_a"], q["agency_b"], strict=True)}
    places = [(EVERY, EVERY), *sorted(held)]
    panels: list[dict[str, Any]] = []
    for a, b in dict.fromkeys(p for p in places if p[0] != p[1] or p[0] == EVERY):
        whole = _one(q, a, b)
        if whole is None or whole["recall_symbol"] in ("z", "x"):
            continue
        rows = _groups(q, a, b)
        title = "All agencies together" if a == EVERY else _pair(a, b).capitalize()
        panels.append(
            {"id": f"pair-{a}-{b}", "title": title, "said": _said(whole), "could": _could(_one(q, a, b, "knowable")), "rows": rows, "chart": _chart(a, b, title, rows),
             "low": [_low(title, r) for r in rows if r["is_low"]]}
        )  # fmt: skip
    return panels


def _groups(q: pd.DataFrame, a: str, b: str) -> list[dict[str, Any]]:
    """Everybody, then every group, in the order of the report."""
    mine = q[(q["agency_a"] == a) & (q["agency_b"] == b) & q["group_kind"].isin([EVERY, *GROUP_KINDS])]
    order = {kind: i for i, kind in enumerate([EVERY, *GROUP_KINDS])}
    rows: list[dict[str, Any]] = []
    for x in mine.to_dict("records"):
        value = str(x["group_value"])
        place = BREAKDOWN_ORDER.index(value) if value in BREAKDOWN_ORDER else len(BREAKDOWN_ORDER)
        label = "Everybody" if x["group_kind"] == EVERY else value
        if value == "Unknown":
            label = f"{GROUP_KINDS[x['group_kind']]} unknown"
        rows.append(
            {"label": label, "kind": x["group_kind"], "order": (order[x["group_kind"]], place, value),
             "recall": _measure(x, "recall"), "precision": _measure(x, "precision"), "is_low": bool(x["is_recall_low"]),
             "value": x["recall_value"], "low": x["recall_low"], "high": x["recall_high"]}
        )  # fmt: skip
    return sorted(rows, key=lambda r: r["order"])


def _measure(x: dict[Any, Any], of: str) -> dict[str, str]:
    shown = not x[f"{of}_symbol"]
    return {
        "value": words.amount(x[f"{of}_value"], "percent") if shown else x[f"{of}_symbol"],
        "parts": f"{words.count(x[f'{of}_n'], x[f'{of}_n_symbol'])} of {words.count(x[f'{of}_d'], x[f'{of}_d_symbol'])}",
        "range": f"{x[f'{of}_low']:.1f} to {x[f'{of}_high']:.1f}" if shown else "",
    }


def _share(x: dict[Any, Any], of: str) -> str:
    """A share with its parts: 97.1% (5,430 of 5,590)."""
    m = _measure(x, of)
    return f"{m['value']} ({m['parts']})"


def _said(whole: dict[Any, Any]) -> str:
    found = f"Of the pairs of records that are one child, {_share(whole, 'recall')} are found."
    if whole["precision_symbol"]:
        return found
    return f"{found} Of the pairs that are linked, {_share(whole, 'precision')} are one child."


def _could(known: dict[Any, Any] | None) -> str:
    """The same of the pairs that could be recognised: some records carry their sender's number of the child and nothing else."""
    if known is None or known["recall_symbol"]:
        return ""
    return f"Of those that could be recognised by what was sent, {_share(known, 'recall')} are found."


def _low(title: str, row: dict[str, Any]) -> str:
    """A warning in words. Held against everybody of the same agencies; two agencies against all agencies."""
    r = row["recall"]
    if row["kind"] == EVERY:
        return f"{title}: recognised less often than all agencies together: {r['value']} ({r['parts']}; 95% range {r['range']})."
    group = lower_first(row["label"]) if row["kind"] in ("sex", "age_band") else row["label"]
    return f"{title}, {group}: recognised less often than everybody: {r['value']} ({r['parts']}; 95% range {r['range']})."


def _chart(a: str, b: str, title: str, rows: list[dict[str, Any]]) -> Markup:
    shown = [r for r in rows if not math.isnan(r["value"])]
    if not shown:
        return Markup("")
    lowest = min(r["low"] for r in shown)
    bottom = max(0.0, math.floor(lowest / 10) * 10.0 if lowest < 95 else 90.0)
    lines = [figures.Range(r["label"], r["value"], r["low"], r["high"], r["recall"]["value"]) for r in shown]
    least, most = min(shown, key=lambda r: r["value"]), max(shown, key=lambda r: r["value"])
    said = (
        f"{len(shown)} groups. Lowest: {least['label']}, {least['recall']['value']};"
        f" highest: {most['label']}, {most['recall']['value']}."
    )
    drawn = figures.ranges(f"c-pair-{a}-{b}", f"Pairs found, {title}", said, lines, figures.BLUE, bottom)
    return Markup(drawn)  # noqa: S704 - our own drawing; its texts are escaped where it is made


def _inside(board: Board) -> list[dict[str, Any]]:
    """Two records of one child inside one agency: a child with two ids."""
    out: list[dict[str, Any]] = []
    for agency, name in AGENCY.items():
        x = _one(board.linkage.quality, agency, agency)
        if x is not None and x["recall_symbol"] != "z":
            out.append({"name": name.capitalize(), "recall": _measure(x, "recall"), "precision": _measure(x, "precision")})  # fmt: skip
    return out


def _hard(board: Board) -> list[dict[str, Any]]:
    """Hard cases, of all pairs whatever the agency: what was found, and how many wrong links. Mix-ups come first."""
    q = board.linkage.quality
    hard = q[(q["group_kind"] == "hard_case") & (q["agency_a"] == ANY)]
    return [
        {"case": HARD_CASES.get(str(x["group_value"]), str(x["group_value"]).replace("_", " ").capitalize()),
         "recall": _measure(x, "recall") if x["recall_symbol"] != "z" else {}, "wrong": words.count(x["wrong_pairs"], x["wrong_pairs_symbol"])}
        for x in hard.sort_values(["recall_d", "group_value"], kind="stable").to_dict("records")
    ]  # fmt: skip


def _events(board: Board) -> list[dict[str, Any]]:
    """What changed since each of the last releases: keys that became one, or two, and the figures they touched."""
    e, touched = board.linkage.events, board.linkage.touched
    out: list[dict[str, Any]] = []
    for release in list(dict.fromkeys(e["release_id"]))[:4]:
        mine = e[e["release_id"] == release]
        kinds = {str(x["kind"]): words.count(x["n"], x["n_symbol"]) for x in mine.to_dict("records")}
        hit = sorted(touched.loc[touched["release_id"] == release, "indicator_id"])
        day = pd.to_datetime(mine["recorded_on"]).max()
        out.append(
            {"release": release or "unnamed", "on": words.day(day.date()), "merged": kinds.get("merge", "0"), "split": kinds.get("split", "0"),
             "figures": [{"id": i, "name": PHRASES[i].short if i in PHRASES else i} for i in hit]}
        )  # fmt: skip
    return out


def _one(q: pd.DataFrame, a: str, b: str, kind: str = EVERY) -> dict[Any, Any] | None:
    """Everybody's row of two agencies, or the one of another kind."""
    hit = q[(q["agency_a"] == a) & (q["agency_b"] == b) & (q["group_kind"] == kind)]
    return hit.to_dict("records")[0] if len(hit) else None


def _pair(a: str, b: str) -> str:
    return f"{AGENCY.get(a, a)} and {AGENCY.get(b, b)}"
