"""The report site: static HTML from protected data, readable without script, on a phone, on paper.

Lives here: what each page shows, and in which order.
Add here: a page (its entry in PAGES, its view, its template).
Must not live here: exact counts (the board has none), wording of figures (words.py), drawing (figures.py).

Every page is one template with one view: plain values, no logic that a template could get wrong about disclosure.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from markupsafe import Markup

from ingest.contract import Contracts
from publish import figures, words
from publish.board import AREA_NAMES, COUNCILS, JOINT, STAFFORDSHIRE, STOKE, Board, as_date, text
from publish.disclosure import SYMBOLS
from publish.words import PHRASES, Figure

HERE = Path(__file__).parent
TITLE = "Safeguarding children in Staffordshire and Stoke-on-Trent"

#: file, title in the navigation, template. The order is the reader's: can I trust it, the priorities, the journey, the rest.
PAGES: tuple[tuple[str, str, str], ...] = (
    ("index.html", "Overview", "index.html"),
    ("returns.html", "State of the returns", "returns.html"),
    ("missing.html", "Missing children", "theme.html"),
    ("front-door.html", "Front door", "theme.html"),
    ("child-protection.html", "Child protection", "theme.html"),
    ("health-in-care.html", "Health in care", "theme.html"),
    ("schools.html", "Schools", "schools.html"),
    ("workforce.html", "Training and meetings", "workforce.html"),
    ("published.html", "Published figures", "published.html"),
    ("definitions.html", "Definitions", "definitions.html"),
    ("about.html", "About the data", "about.html"),
    ("accessibility.html", "Accessibility", "accessibility.html"),
)
THEMES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "missing.html": (
        "Missing children",
        "How often children go missing, whether someone talks with them when they come back, and whether police and council "
        "know of the same episodes.",
        ("EX04A", "EX04B", "EX05", "EX07A", "EX07B", "EX08", "EX09"),
    ),
    "front-door.html": (
        "Front door and assessment",
        "What happens when someone is worried about a child: referrals, those that come back, and how long the assessment takes.",
        ("FD07", "FD08", "FD09", "AS01"),
    ),
    "child-protection.html": (
        "Child protection",
        "Enquiries into significant harm, the first conference, and the plans that protect children afterwards.",
        ("CP01", "CP02", "CP03", "CP05", "CP07", "CP08", "CP09A", "CP09B"),
    ),
    "health-in-care.html": (
        "Health of children coming into care",
        "Whether children are seen by a doctor or nurse soon after they come into care.",
        ("CC07",),
    ),
}
#: Real figures shown on the page of published statistics: source table ending, measure, label, unit.
PUBLISHED: tuple[tuple[str, str, str, str], ...] = (
    ("referrals", "referral_count", "Referrals in the year", "number"),
    ("referrals", "rereferral_percent", "Referrals within 12 months of an earlier one", "percent"),
    ("referrals", "no_further_action_percent", "Referrals with no further action", "percent"),
    ("section47", "section47_rate", "Section 47 enquiries for every 10,000 children", "rate"),
    ("section47", "icpc_rate", "Initial child protection conferences for every 10,000 children", "rate"),
    ("starts", "cpp_start", "Child protection plans started in the year", "number"),
    ("duration", "cpp_at31", "Child protection plans open on 31 March", "number"),
    ("subsequent", "cpp_subsequent_percent", "Plans that were a second or later plan", "percent"),
    ("duration", "n_2_years_or_more", "Plans open for two years or more on 31 March", "number"),
    ("duration", "n_2_years_or_more_percent", "Share of plans open for two years or more", "percent"),
    ("reviews", "reviewed_within_timescales_percent", "Plans reviewed within the required times", "percent"),
)
BREAKDOWNS = (("age_band", "Age"), ("sex", "Sex"), ("ethnicity", "Ethnicity"))
BREAKDOWN_ORDER = ["Unborn", "Under 1", "1 to 4", "5 to 9", "10 to 15", "16 and over", "Female", "Male", "White", "Mixed",
                   "Asian", "Black", "Other", "Unknown"]  # fmt: skip
SEVERITY = {
    "block_file": "The whole file was refused",
    "reject_row": "The rows were not used",
    "warn": "Used, but please mend",
    "note": "Mended or noted",
}
STATUS = {"on_time": "On time", "late": "Late", "missing": "Not received", "not_yet_due": "Not due yet"}


@dataclass
class AreaView:
    code: str
    name: str
    css: str
    value: str
    parts: str
    period: str
    badge: tuple[str, str, str]
    sentence: str
    change: str
    comparison: str
    excluded: str
    chart: Markup
    rows: list[dict[str, Any]]
    benchmarks: list[dict[str, str]]


@dataclass
class IndicatorView:
    id: str
    heading: str
    short: str
    meaning: str
    polarity: str
    version: str
    areas: list[AreaView]
    joint: str
    trend_note: str
    is_percent: bool
    breakdowns: list[tuple[str, list[dict[str, str]]]] = field(default_factory=list)
    breakdown_period: str = ""


def build(board: Board, contracts: Contracts, folder: Path, receipts: set[str]) -> list[str]:
    """Write the whole site into the folder. `receipts` are the submission ids that have a receipt beside the site."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    style = (HERE / "static" / "report.css").read_text("utf-8")
    (folder / "report.css").write_text(style, "utf-8")
    shared = {
        "site": TITLE, "pages": [(f, t) for f, t, _ in PAGES], "as_of": words.day(board.as_of), "synthetic": board.synthetic,
        "symbols": SYMBOLS, "councils": [(c, AREA_NAMES[c], _css(c)) for c in COUNCILS],
    }  # fmt: skip
    for file, title, template in PAGES:
        view = _view(file, board, contracts, receipts)
        html = environment.get_template(template).render(file=file, page_title=title, **shared, **view)
        (folder / file).write_text(_tidy(html), "utf-8")
    return [f for f, _, _ in PAGES]


def _view(file: str, board: Board, contracts: Contracts, receipts: set[str]) -> dict[str, Any]:
    if file in THEMES:
        return _theme(file, board)
    views = {
        "index.html": lambda: _index(board, contracts),
        "returns.html": lambda: _returns(board, contracts, receipts),
        "schools.html": lambda: _schools(board),
        "workforce.html": lambda: _workforce(board),
        "published.html": lambda: _published(board),
        "definitions.html": lambda: _definitions(board),
    }
    return views[file]() if file in views else {}


def _tidy(html: str) -> str:
    """No trailing blanks and no runs of empty lines: smaller files, and the same bytes whatever the template's layout."""
    return re.sub(r"\n\s*\n+", "\n", html).strip() + "\n"


def _css(area: str) -> str:
    return {STAFFORDSHIRE: "staffs", STOKE: "stoke"}.get(area, "joint")


# --- one indicator -----------------------------------------------------------------------------------------------


def indicator(board: Board, ind: str) -> IndicatorView | None:
    """Everything that is shown of one indicator: the two councils side by side."""
    if not board.has(ind):
        return None
    phrase, register = PHRASES[ind], board.register.get(ind, {})
    latest = {a: board.latest(ind, a) for a in COUNCILS}
    pairs = [(now, before) for now, before in latest.values() if now]
    if not pairs:
        return None
    series = {a: board.trend(ind, a) for a in COUNCILS}
    marks = {a: board.benchmarks(ind, a) for a in COUNCILS}
    top = figures.ceiling(
        [f for s in series.values() for f in s], [b for m in marks.values() for b in m], percent="percent" in phrase.kind
    )
    areas = [_area(ind, a, *latest[a], series[a], marks[a], top) for a in COUNCILS]
    joint, _ = board.latest(ind, JOINT)
    view = IndicatorView(
        id=ind, heading=words.finding(ind, pairs), short=phrase.short,
        meaning=register.get("meaning", ""), polarity=words.POLARITY.get(register.get("polarity", ""), ""),
        version=register.get("version", ""), areas=[a for a in areas if a],
        # One hidden council and the joint figure would say more of it than its own line does.
        joint=_joint(joint, phrase.kind) if all(now.is_shown for now, _ in pairs) else "",
        trend_note=_trend_note(ind, series), is_percent="percent" in phrase.kind,
    )  # fmt: skip
    if not ind.startswith(("ED", "WF", "DQ")):
        view.breakdowns = _breakdowns(board, ind, pairs[0][0].period)
        view.breakdown_period = pairs[0][0].period
    return view


def _area(
    ind: str, area: str, now: Figure | None, before: Figure | None, series: list[Figure], marks: list[words.Benchmark], top: float
) -> AreaView | None:
    if now is None:
        return None
    kind = PHRASES[ind].kind
    name = AREA_NAMES[area]
    title = f"{PHRASES[ind].short}, {name}"
    chart = figures.trend(f"c-{ind}-{_css(area)}".lower(), area, title, series, marks, kind, top) if series else ""
    return AreaView(
        code=area, name=name, css=_css(area),
        value=words.amount(now.value, kind) if now.is_shown else "No figure",
        parts=words.of_parts(now, kind) if now.is_shown else words.WHY_HIDDEN.get(now.symbol, ""),
        period=_when(now, kind), badge=words.badge(now.trust, now.reason),
        sentence=words.sentence(ind, now), change=words.change_sentence(ind, now, before),
        comparison=words.comparison_sentence(ind, now, marks), excluded=words.excluded_note(now),
        chart=Markup(chart),  # noqa: S704 - our own drawing; its texts are escaped where it is made
        rows=[_row(f, kind) for f in reversed(series)],
        benchmarks=[
            {"name": _capital(b.name.removeprefix("the ").removeprefix("its ")), "value": b.shown or words.amount(b.value, kind), "year": b.year,
             "note": f"middle value of {b.areas} areas" if b.key == "neighbour_median" and b.areas else ""}
            for b in marks
        ],
    )  # fmt: skip


def _when(figure: Figure, kind: str) -> str:
    return words.day(figure.end) if kind.startswith("stock") and figure.end else figure.period


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _row(f: Figure, kind: str) -> dict[str, Any]:
    key, label, reason = words.badge(f.trust, f.reason)
    return {
        "period": _capital(f.period), "value": words.amount(f.value, kind) if f.is_shown else f.symbol or "x",
        "range": f"{f.low:,.1f} to {f.high:,.1f}" if f.is_shown and not math.isnan(f.low) else "",
        "n": words.count(f.n, f.n_symbol), "d": words.count(f.d, f.d_symbol), "key": key, "badge": label,
        "reason": reason if key != "complete" else "",
    }  # fmt: skip


def _joint(figure: Figure | None, kind: str) -> str:
    if figure is None or not figure.is_shown:
        return ""
    return f"Both areas together: {words.amount(figure.value, kind)} ({words.of_parts(figure, kind)}), {_when(figure, kind)}."


def _trend_note(ind: str, series: dict[str, list[Figure]]) -> str:
    kind = PHRASES[ind].kind
    if ind.startswith("ED"):
        return "Each point is one school year."
    if any(f.period.startswith("the 12 months") for s in series.values() for f in s):
        return "Each point is the 12 months that end in that month, so that it compares with a yearly figure."
    return "Each point is the last day of a quarter." if kind.startswith("stock") else "Each point is one quarter."


def _breakdowns(board: Board, ind: str, period: str) -> list[tuple[str, list[dict[str, str]]]]:
    kind = PHRASES[ind].kind
    out: list[tuple[str, list[dict[str, str]]]] = []
    for by, label in BREAKDOWNS:
        found = {a: board.breakdown(ind, a, by, period, "financial_year") for a in COUNCILS}
        groups = sorted({g for f in found.values() for g in f}, key=_place)
        rows = [{"group": g, **{_css(a): _cell(found[a].get(g), kind) for a in COUNCILS}} for g in groups]
        if rows:
            out.append((label, rows))
    return out


def _place(group: str) -> tuple[int, str]:
    return (BREAKDOWN_ORDER.index(group) if group in BREAKDOWN_ORDER else len(BREAKDOWN_ORDER), group)


def _cell(f: Figure | None, kind: str) -> str:
    """A breakdown's cell: a percentage with its parts; of a rate only the number, for no population by group is held."""
    if f is None:
        return "0"
    if "percent" not in kind or (math.isnan(f.d) and not f.d_symbol):
        return words.count(f.n, f.n_symbol)
    return f"{words.amount(f.value, kind)} ({words.of_parts(f, kind)})" if f.is_shown else f.symbol or "x"


# --- pages -------------------------------------------------------------------------------------------------------


def _theme(file: str, board: Board) -> dict[str, Any]:
    title, lead, ids = THEMES[file]
    shown = [v for v in (indicator(board, i) for i in ids) if v]
    view: dict[str, Any] = {"title": title, "lead": lead, "indicators": shown, "agreement": []}
    if file == "missing.html":
        view["agreement"] = _agreement(board)
    return view


def _agreement(board: Board) -> list[dict[str, str]]:
    """The worklist of differences, counted: who should look at which records."""
    said = {
        "police_only": ("Only the police have it", "The council checks whether it was told and adds the episode."),
        "council_only": ("Only the council has it", "The police check whether it was reported and how it was graded."),
    }
    rows: list[dict[str, str]] = []
    a = board.agreement
    for year in sorted({int(y) for y in a["year"].dropna()}, reverse=True):
        for gap, (label, who) in said.items():
            row = {"year": f"{year}-{(year + 1) % 100:02d}", "gap": label, "who": who}
            for area in COUNCILS:
                hit = a[(a["year"] == year) & (a["gap"] == gap) & (a["area_code"] == area)]
                row[_css(area)] = "0" if hit.empty else words.count(float(hit["n"].iloc[0]), str(hit["n_symbol"].iloc[0]))
            rows.append(row)
    return rows


def _index(board: Board, contracts: Contracts) -> dict[str, Any]:
    groups: list[dict[str, Any]] = []
    changed: list[dict[str, str]] = []
    trust: dict[str, int] = {"complete": 0, "partial": 0, "not_safe": 0}
    for file, (title, _, ids) in THEMES.items():
        groups.append({"title": title, "file": file, "rows": _overview(board, file, ids, changed, trust)})
    schools = _overview(board, "schools.html", ("ED01", "ED02", "ED03"), changed, trust)
    people = _overview(board, "workforce.html", ("WF09", "WF10"), changed, trust)
    groups += [
        {"title": "Schools' safeguarding returns", "file": "schools.html", "rows": schools},
        {"title": "Partnership meetings", "file": "workforce.html", "rows": people},
    ]
    due, on_time = _last_year(board)
    return {
        "groups": [g for g in groups if g["rows"]], "changed": changed, "trust": trust,
        "due": due, "on_time": on_time, "acts": _acts(board, contracts),
    }  # fmt: skip


def _overview(
    board: Board, file: str, ids: tuple[str, ...], changed: list[dict[str, str]], trust: dict[str, int]
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for ind in ids:
        if not board.has(ind):
            continue
        kind = PHRASES[ind].kind
        cells: list[dict[str, Any]] = []
        for area in COUNCILS:
            now, before = board.latest(ind, area)
            if now is None:
                cells.append({"value": "x", "parts": "", "badge": words.badge("partial", "No figure was made."), "css": _css(area), "period": ""})
                continue
            badge = words.badge(now.trust, now.reason)
            trust[badge[0]] += 1
            moved = words.change(now, before)
            if moved in ("higher", "lower") and before:
                changed.append(
                    {"href": f"{file}#{ind.lower()}", "text": PHRASES[ind].short, "area": now.area, "moved": "Up" if moved == "higher" else "Down",
                     "from": f"{words.amount(before.value, kind)} ({words.of_parts(before, kind)}) in {before.period}",
                     "to": f"{words.amount(now.value, kind)} ({words.of_parts(now, kind)}) in {now.period}"}
                )  # fmt: skip
            cells.append(
                {"value": words.amount(now.value, kind) if now.is_shown else now.symbol or "x", "badge": badge, "css": _css(area),
                 "parts": words.of_parts(now, kind) if now.is_shown else "", "period": _when(now, kind),
                 "change": {"higher": "▲ up", "lower": "▼ down", "none": "no clear change"}.get(moved, "")}
            )  # fmt: skip
        england = next((b for b in board.benchmarks(ind, STAFFORDSHIRE) if b.key == "england"), None)
        rows.append(
            {"href": f"{file}#{ind.lower()}", "short": PHRASES[ind].short, "unit": "" if "percent" in kind else "for every 10,000 children",
             "cells": cells, "england": f"{england.shown or words.amount(england.value, kind)}" if england else "",
             "england_year": england.year if england else ""}
        )  # fmt: skip
    return rows


def _last_year(board: Board) -> tuple[int, int]:
    r = board.returns
    recent = pd.to_datetime(r["due_on"]).dt.date > board.as_of - dt.timedelta(days=365)
    due = r[recent & (r["status"] != "not_yet_due")]
    return len(due), int((due["status"] == "on_time").sum())


def _titles(contracts: Contracts) -> tuple[dict[tuple[str, str], str], dict[str, str]]:
    """Titles of extracts and senders, from the contracts; a sender's own name where the contracts have none."""
    extracts = {(e.agency, e.extract): e.title for e in contracts.values()}
    agencies = getattr(contracts, "agencies", {})
    found = agencies.values() if isinstance(agencies, dict) else agencies
    senders = {s.name: s.title for a in found for s in a.submitters}
    return extracts, senders


def _acts(board: Board, contracts: Contracts) -> list[dict[str, Any]]:
    """What each sender must do next, most pressing first: send what is missing, mend what fails."""
    extracts, senders = _titles(contracts)
    out: list[dict[str, Any]] = []
    for submitter, mine in board.returns.groupby("submitter", sort=True):
        missing = mine[mine["status"] == "missing"]
        steps = [
            f"Send {_lower(extracts.get((a, e), e))} for {_several_periods(list(g['period']))}"
            for (a, e), g in missing.groupby(["agency", "extract"], sort=True)
        ]
        rules = board.rules
        bad = rules[(rules["submitter"] == submitter) & (rules["fixes"] == "sender") & rules["severity"].isin(["block_file", "reject_row", "warn"])]
        steps += [
            f"Mend {_lower(extracts.get((r['agency'], r['extract']), r['extract']))}: {_decap(r['says'])} ({_rows(r['failed'], r['failed_symbol'])})"
            for r in bad.head(3).to_dict("records")
        ]
        year = mine[pd.to_datetime(mine["due_on"]).dt.date > board.as_of - dt.timedelta(days=365)]
        year = year[year["status"] != "not_yet_due"]
        out.append(
            {"name": senders.get(str(submitter), str(submitter).replace("_", " ").capitalize()), "steps": steps,
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


def _returns(board: Board, contracts: Contracts, receipts: set[str]) -> dict[str, Any]:
    extracts, senders = _titles(contracts)
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
                {"extract": extracts.get((agency, extract), extract), "sender": senders.get(submitter, submitter),
                 "cells": [_return_cell(by_period.get(p), receipts) for p in shown]}
            )  # fmt: skip
        matrices.append({"title": title, "periods": [_short_period(p) for p in shown], "rows": rows})
    due, on_time = _last_year(board)
    rules = [
        {"says": x["says"], "severity": SEVERITY.get(x["severity"], x["severity"]), "failed": words.count(x["failed"], x["failed_symbol"]),
         "checked": words.count(x["checked"], x["checked_symbol"]), "rule": x["rule_id"],
         "sender": senders.get(x["submitter"], x["submitter"]), "extract": extracts.get((x["agency"], x["extract"]), x["extract"])}
        for x in board.rules[board.rules["severity"] != "note"].head(20).to_dict("records")
    ]  # fmt: skip
    quality = [v for v in (indicator(board, i) for i in ("DQ01", "DQ02", "DQ06")) if v]
    return {
        "matrices": matrices, "due": due, "on_time": on_time, "senders": _acts(board, contracts), "rules": rules,
        "indicators": quality, "recent": _recent(board, extracts, senders, receipts),
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


def _recent(board: Board, extracts: dict[tuple[str, str], str], senders: dict[str, str], receipts: set[str]) -> list[dict[str, str]]:
    """The last files taken in, with what was received, accepted and not used."""
    s = board.submissions[board.submissions["agency"] != "published"]
    s = s.sort_values(["received_at", "submission_id"], ascending=False, kind="stable").head(25)
    out: list[dict[str, str]] = []
    for x in s.to_dict("records"):
        got = as_date(x["received_at"])
        out.append(
            {"extract": extracts.get((x["agency"], x["extract"]), x["extract"]), "sender": senders.get(x["submitter"], x["submitter"]),
             "period": _period(text(x["period"])), "received": words.day(got) if got else "",
             "status": {"accepted": "Accepted", "partly_accepted": "Accepted, some rows not used", "refused": "Refused"}.get(x["status"], x["status"]),
             **{k: words.count(x[f"rows_{k}"], x[f"rows_{k}_symbol"]) for k in ("received_rows",) if f"rows_{k}" in x},
             "rows": words.count(x["rows_received"], x["rows_received_symbol"]),
             "accepted": words.count(x["rows_accepted"], x["rows_accepted_symbol"]),
             "rejected": words.count(x["rows_rejected"], x["rows_rejected_symbol"]),
             "receipt": x["submission_id"] if x["submission_id"] in receipts else ""}
        )  # fmt: skip
    return out


def _schools(board: Board) -> dict[str, Any]:
    s = board.schools
    year = text(s["academic_year"].max()) if len(s) else ""
    lists: list[dict[str, Any]] = []
    for area in COUNCILS:
        mine = s[s["area_code"] == area]
        states = {k: int((mine["state"] == k).sum()) for k in ("returned", "returned late", "returned with gaps", "not returned")}
        work = {
            state: [
                {"name": text(x["school_name"]), "urn": text(x["school_urn"]), "phase": text(x["phase"]).replace("_", " ").capitalize(),
                 "on": words.day(d) if (d := as_date(x["submitted_on"])) else "", "gaps": _capital(text(x["gaps"]))}
                for x in mine[mine["state"] == state].sort_values(["school_name", "school_urn"]).to_dict("records")
            ]
            for state in ("not returned", "returned late", "returned with gaps")
        }  # fmt: skip
        lists.append({"name": AREA_NAMES[area], "css": _css(area), "states": states, "work": work, "total": len(mine)})
    return {
        "indicators": [v for v in (indicator(board, i) for i in ("ED01", "ED02", "ED03")) if v],
        "lists": lists, "year": year.replace("-", "/"),
    }  # fmt: skip


def _workforce(board: Board) -> dict[str, Any]:
    year = _last_financial_year(board.as_of)
    start, end = dt.date(year, 4, 1), dt.date(year + 1, 3, 31)
    label = f"{year}-{(year + 1) % 100:02d}"
    return {
        "label": label, "training": _training(board, start, end, label), "meetings": _meetings(board, start, end, label),
        "indicators": [v for v in (indicator(board, i) for i in ("WF09", "WF10")) if v],
        "modes": words.MODES, "levels": words.LEVELS,
    }  # fmt: skip


def _last_financial_year(as_of: dt.date) -> int:
    """The first year of the last financial year that has ended."""
    return as_of.year - 1 if as_of >= dt.date(as_of.year, 3, 31) else as_of.year - 2


def _between(frame: pd.DataFrame, column: str, start: dt.date, end: dt.date) -> pd.DataFrame:
    when = pd.to_datetime(frame[column])
    return frame[(when >= pd.Timestamp(start)) & (when <= pd.Timestamp(end))]


def _meetings(board: Board, start: dt.date, end: dt.date, label: str) -> list[dict[str, Any]]:
    """One entry a meeting group: seats by agency and level, as a chart and its table."""
    seats = _between(board.seats, "meeting_date", start, end)
    out: list[dict[str, Any]] = []
    for group in [g for g in words.GROUPS if g in set(seats["meeting_group"])]:
        mine = seats[seats["meeting_group"] == group]
        counted = mine.groupby(["agency_name", "attendee_level"]).size().unstack(fill_value=0)
        counted = counted.reindex(columns=list(words.LEVELS), fill_value=0)
        counted["total"] = counted.sum(axis=1)
        counted["filled"] = counted["total"] - counted["NONE"]
        counted.index = pd.Index([words.AGENCIES.get(a, a) for a in counted.index])
        counted = counted.sort_index()
        rows = [{"agency": a, **{k: int(v) for k, v in r.items()}} for a, r in zip(counted.index, counted.to_dict("records"), strict=True)]
        drawn = [(_brief(str(r["agency"])), [int(r[p]) for p in words.LEVELS]) for r in rows]
        name = words.GROUPS.get(str(group), str(group))
        meetings = int(mine["meeting_date"].nunique())
        absent = [str(r["agency"]) for r in rows if r["filled"] == 0]
        filled, total = sum(r["filled"] for r in rows), sum(r["total"] for r in rows)
        said = f"In {label}, {100 * filled / total:.1f}% of seats were filled ({filled} of {total}) at {words.plural(meetings, 'meeting')}."
        described = f"{said} The table below the chart gives every number."
        modes = mine[mine["is_attended"].astype(bool)].groupby("mode").size()
        out.append(
            {"name": name, "key": str(group).lower(), "said": said, "absent": words.several(absent), "rows": rows,
             "modes": words.several([f"{words.MODES.get(str(m), str(m)).lower()} {n}" for m, n in modes.items()]),
             "finding": _meeting_finding(rows, name),
             "chart": Markup(figures.stacked(f"m-{str(group).lower()}", f"Seats by agency and level, {name}, {label}", described, drawn, list(words.LEVELS.values())))}  # noqa: S704
        )  # fmt: skip
    return out


def _meeting_finding(rows: list[dict[str, Any]], name: str) -> str:
    able = sum(r["LEAD"] + r["DELEGATE"] for r in rows)
    total = sum(r["total"] for r in rows)
    return f"{name}: someone able to decide sat in {able} of {total} seats"


def _brief(agency: str) -> str:
    """A name short enough for the side of a chart on a phone."""
    short = {
        "Staffordshire County Council": "Staffordshire council", "Stoke-on-Trent City Council": "Stoke-on-Trent council",
        "NHS Integrated Care Board": "NHS ICB", "Midlands Partnership NHS Trust": "Midlands Partnership",
        "University Hospitals of North Midlands": "University Hospitals", "District and borough councils": "District councils",
        "Voluntary and community sector": "Voluntary sector",
    }  # fmt: skip
    return short.get(agency, agency)


def _training(board: Board, start: dt.date, end: dt.date, label: str) -> list[dict[str, Any]]:
    """Attended places by agency in each council's area, and by level and mode."""
    b = _between(board.bookings, "course_date", start, end)
    b = b[b["status"] == "ATTENDED"]
    out: list[dict[str, Any]] = []
    counts = {a: b[b["area_code"] == a].groupby("agency_name").size() for a in COUNCILS}
    top = max((100 * c.max() / c.sum() for c in counts.values() if len(c)), default=1.0)
    for area in COUNCILS:
        mine, c = b[b["area_code"] == area], counts[area]
        if c.empty:
            continue
        c = c.sort_values(ascending=False, kind="stable")
        total = int(c.sum())
        rows = [{"agency": words.AGENCIES.get(str(a), str(a)), "n": int(n), "share": 100 * n / total} for a, n in c.items()]
        drawn = [(_brief(r["agency"]), r["share"], f"{r['share']:.1f}% ({r['n']:,})") for r in rows]
        cross = mine.groupby(["level", "mode"]).size().unstack(fill_value=0).reindex(columns=[m for m in words.MODES if m in set(mine["mode"])], fill_value=0)
        first, last = rows[0], rows[-1]
        said = (f"In {label}, {total:,} training places were filled in {AREA_NAMES[area]}: {first['share']:.1f}% by {first['agency']} "
                f"({first['n']:,} of {total:,}) and {last['share']:.1f}% by {last['agency']} ({last['n']:,} of {total:,}).")  # fmt: skip
        out.append(
            {"name": AREA_NAMES[area], "css": _css(area), "total": total, "rows": rows, "said": said,
             "modes": [words.MODES[m] for m in cross.columns],
             "levels": [{"level": int(lv), "cells": [int(v) for v in r.values()]} for lv, r in zip(cross.index, cross.to_dict("records"), strict=True)],
             "chart": Markup(figures.bars(f"t-{_css(area)}", f"Share of training places by agency, {AREA_NAMES[area]}, {label}", said, drawn, figures.LOOK[area][0], top))}  # noqa: S704
        )  # fmt: skip
    return out


def _published(board: Board) -> dict[str, Any]:
    """Real figures as the DfE published them, the last six years, symbols kept."""
    p = board.published
    areas = [("E92000001", "England", "england"), ("E12000005", "West Midlands", "region")]
    areas += [(c, AREA_NAMES[c], _css(c)) for c in COUNCILS]
    tables: list[dict[str, Any]] = []
    for table, measure, label, unit in PUBLISHED:
        mine = p[(p["measure"] == measure) & p["source_table"].astype(str).str.contains(table, regex=False)]
        mine = mine[mine["area_code"].isin([a for a, _, _ in areas])]
        years = sorted({str(t) for t in mine["time_period"]})[-6:]
        if not years:
            continue
        by = {(str(x["area_code"]), str(x["time_period"])): x for x in mine.to_dict("records")}
        rows = [{"name": n, "css": css, "cells": [_published_cell(by.get((a, y)), unit) for y in years]} for a, n, css in areas]
        tables.append({"label": label, "years": years, "rows": rows, "unit": unit, "said": _published_said(label, rows, years[-1]),
                       "source": text(mine["source_table"].iloc[0])})  # fmt: skip
    used = sorted({c for t in tables for r in t["rows"] for c in r["cells"] if c in SYMBOLS})
    return {"tables": tables, "used_symbols": used}


def _published_cell(x: dict[Any, Any] | None, unit: str) -> str:
    if x is None:
        return "x"
    if text(x["symbol"]):
        return text(x["symbol"])
    if pd.isna(x["value"]):
        return "x"
    return {"percent": f"{x['value']:.1f}%", "rate": f"{x['value']:,.1f}"}.get(unit, f"{x['value']:,.0f}")


def _published_said(label: str, rows: list[dict[str, Any]], year: str) -> str:
    latest = {r["name"]: r["cells"][-1] for r in rows}
    said = [f"{name} {value}" for name, value in latest.items() if value not in SYMBOLS]
    return f"In the year to 31 March {year}: {words.several(said)}." if said else f"{label}: no figure is published for {year}."


def _definitions(board: Board) -> dict[str, Any]:
    items: list[dict[str, str]] = []
    for ind, r in sorted(board.register.items()):
        items.append(
            {"id": ind, "name": r["name"] or (PHRASES[ind].short if ind in PHRASES else ind), "meaning": r["meaning"],
             "numerator": r["numerator"], "denominator": r["denominator"], "polarity": words.POLARITY.get(r["polarity"], "Not stated"),
             "owner": r["owner"], "sub_group": r["sub_group"], "source": r["source"], "version": r["version"],
             "unit": {"percent": "Percentage", "per_10000": "Rate for every 10,000 children aged 0 to 17", "share": "Share of the total, as a percentage"}.get(r["unit"], r["unit"].capitalize()),
             "benchmark": "Published by the DfE" if r["benchmark"] and r["benchmark"].lower() != "none" else "None published was found"}
        )  # fmt: skip
    return {"items": items}
