"""The report site: static HTML from protected data, readable without script, on a phone, on paper.

Lives here: what each page shows, and in which order.
Add here: a page (its entry in PAGES, its view, its template).
Must not live here: exact counts (the board has none), wording of figures (words.py), drawing (figures.py).

Every page is one template with one view: plain values, no logic that a template could get wrong about disclosure.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd

from ingest.contract import Contracts
from publish import words
from publish.board import AREA_NAMES, COUNCILS, STAFFORDSHIRE, Board, text
from publish.disclosure import SYMBOLS
from publish.indicator_view import css_of, indicator, when
from publish.linkage_view import error_note, first_page, recognising
from publish.people_view import schools, workforce
from publish.returns_view import acts, last_year, returns
from publish.words import PHRASES

HERE = Path(__file__).parent
TITLE = "Safeguarding children in Staffordshire and Stoke-on-Trent"

#: file, title in the navigation, template. The order is the reader's: can I trust it, the priorities, the journey, the rest.
PAGES: tuple[tuple[str, str, str], ...] = (
    ("index.html", "Overview", "index.html"),
    ("returns.html", "State of the returns", "returns.html"),
    ("recognising.html", "Recognising the same child", "recognising.html"),
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
        "symbols": SYMBOLS, "councils": [(c, AREA_NAMES[c], css_of(c)) for c in COUNCILS],
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
        "returns.html": lambda: returns(board, contracts, receipts),
        "recognising.html": lambda: recognising(board, contracts),
        "schools.html": lambda: schools(board),
        "workforce.html": lambda: workforce(board),
        "published.html": lambda: _published(board),
        "definitions.html": lambda: _definitions(board),
    }
    return views[file]() if file in views else {}


def _tidy(html: str) -> str:
    """No trailing blanks and no runs of empty lines: smaller files, and the same bytes whatever the template's layout."""
    return re.sub(r"\n\s*\n+", "\n", html).strip() + "\n"


def _theme(file: str, board: Board) -> dict[str, Any]:
    title, lead, ids = THEMES[file]
    shown = [v for v in (indicator(board, i) for i in ids) if v]
    for v in shown:
        v.linked = error_note(board, v.id)
    view: dict[str, Any] = {"title": title, "lead": lead, "indicators": shown, "agreement": []}
    if file == "missing.html":
        view["agreement"] = _agreement(board)
    return view


def _agreement(board: Board) -> list[dict[str, Any]]:
    """The worklist of differences, counted: who should look at which records."""
    said = {
        "police_only": (
            "Only the police have it",
            "The council checks whether it was told and adds the episode.",
        ),
        "council_only": (
            "Only the council has it",
            "The police check whether it was reported and how it was graded.",
        ),
    }
    rows: list[dict[str, Any]] = []
    a = board.agreement
    # Whole years that the report covers: the months before its first year are only there to look back.
    first = min((f.period for c in COUNCILS for f in board.series("EX09", c, "financial_year")), default="")
    years = [f"{y}-{(y + 1) % 100:02d}" for y in sorted({int(y) for y in a["year"].dropna()}, reverse=True)]
    for gap, (label, who) in said.items():
        lines: list[dict[str, str]] = []
        for year in (y for y in years if y >= first):
            line = {"year": year}
            for area in COUNCILS:
                hit = a[(a["year"] == int(year[:4])) & (a["gap"] == gap) & (a["area_code"] == area)]
                line[css_of(area)] = (
                    "0" if hit.empty else words.count(float(hit["n"].iloc[0]), str(hit["n_symbol"].iloc[0]))
                )
            lines.append(line)
        if lines:
            rows.append({"gap": label, "who": who, "lines": lines})
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
    due, on_time = last_year(board)
    senders = acts(board, contracts)
    return {
        "groups": [g for g in groups if g["rows"]], "changed": changed, "trust": trust,
        "due": due, "on_time": on_time, "acts": senders, "recognised": first_page(board),
        "overdue": [{"name": s["name"], "steps": s["overdue"]} for s in senders if s["overdue"]],
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
                cells.append(
                    {
                        "value": "x",
                        "parts": "",
                        "badge": words.badge("partial", "No figure was made."),
                        "css": css_of(area),
                        "period": "",
                        "change": "",
                    }
                )
                continue
            badge = words.badge(now.trust, now.reason)
            trust[badge[0]] += 1
            moved = words.change(now, before)
            if moved in ("higher", "lower") and before:
                changed.append(
                    {"href": f"{file}#{ind.lower()}", "text": PHRASES[ind].short, "area": now.area, "moved": "Up" if moved == "higher" else "Down",
                     "from": f"{words.amount(before.value, kind)} ({words.of_parts(before, kind)}) in {before.period}",
                     "to": f"{words.amount(now.value, kind)} ({words.of_parts(now, kind)}) in {now.period}",
                     "short": f"{words.amount(before.value, kind)} to {words.amount(now.value, kind)}"}
                )  # fmt: skip
            cells.append(
                {"value": words.amount(now.value, kind) if now.is_shown else now.symbol or "x", "badge": badge, "css": css_of(area),
                 "parts": words.of_parts(now, kind) if now.is_shown else words.SHORT_WHY.get(now.symbol, "no figure"), "period": when(now, kind),
                 "change": {"higher": "▲ up", "lower": "▼ down"}.get(moved, "")}
            )  # fmt: skip
        england = next((b for b in board.benchmarks(ind, STAFFORDSHIRE) if b.key == "england"), None)
        rows.append(
            {"href": f"{file}#{ind.lower()}", "short": PHRASES[ind].short, "unit": "" if "percent" in kind else "for every 10,000 children",
             "cells": cells, "england": f"{england.shown or words.amount(england.value, kind)}" if england else "",
             "england_year": england.year if england else ""}
        )  # fmt: skip
    return rows


def _published(board: Board) -> dict[str, Any]:
    """Real figures as the DfE published them, the last six years, symbols kept."""
    p = board.published
    areas = [("E92000001", "England", "england"), ("E12000005", "West Midlands", "region")]
    areas += [(c, AREA_NAMES[c], css_of(c)) for c in COUNCILS]
    tables: list[dict[str, Any]] = []
    for table, measure, label, unit in PUBLISHED:
        mine = p[(p["measure"] == measure) & p["source_table"].astype(str).str.contains(table, regex=False)]
        mine = mine[mine["area_code"].isin([a for a, _, _ in areas])]
        years = sorted({str(t) for t in mine["time_period"]}, reverse=True)[
            :6
        ]  # newest first: nobody scrolls to find it
        if not years:
            continue
        by = {(str(x["area_code"]), str(x["time_period"])): x for x in mine.to_dict("records")}
        rows = [
            {"name": n, "css": css, "cells": [_published_cell(by.get((a, y)), unit) for y in years]}
            for a, n, css in areas
        ]
        tables.append({"label": label, "years": years, "rows": rows, "unit": unit, "said": _published_said(label, rows, years[0]),
                       "id": measure.replace("_", "-"), "source": _source(text(mine["source_table"].iloc[0]))})  # fmt: skip
    used = sorted({c for t in tables for r in t["rows"] for c in r["cells"] if c in SYMBOLS})
    return {"tables": tables, "used_symbols": {s: DFE_SYMBOLS[s] for s in DFE_SYMBOLS if s in used}}


#: The DfE's own symbols, in its own meaning: its rules are not the board's.
DFE_SYMBOLS = {
    "c": "hidden by the DfE: a number from 1 to 5, or one that would give such a number away",
    "z": "not applicable", "x": "not available", "k": "rounds to 0 but is not 0", "low": "rounds to 0 but is not 0",
    "u": "too unreliable to publish",
}  # fmt: skip


def _source(table: str) -> str:
    """The DfE publication that a table was taken from: dfe_child_protection/duration is Child protection, duration."""
    _, _, path = table.partition("published/")
    release, _, part = path.partition("/")
    names = [
        n.removeprefix("dfe_").replace("_", " ").replace("section47", "section 47")
        for n in (release, part)
        if n
    ]
    return ", ".join(names[:1] + [n for n in names[1:] if n != names[0]])


def _published_cell(x: dict[Any, Any] | None, unit: str) -> str:
    if x is None:
        return "x"
    if text(x["symbol"]):
        return text(x["symbol"])
    if pd.isna(x["value"]):
        return "x"
    return {"percent": f"{x['value']:.1f}%", "rate": f"{x['value']:,.1f}"}.get(unit, f"{x['value']:,.0f}")


def _published_said(label: str, rows: list[dict[str, Any]], year: str) -> str:
    latest = {r["name"]: r["cells"][0] for r in rows}
    said = [f"{name} {value}" for name, value in latest.items() if value not in SYMBOLS]
    when = (
        "On 31 March"
        if "31 March" in label or label.startswith("Share of plans open")
        else "In the year to 31 March"
    )
    return (
        f"{when} {year}: {words.several(said)}." if said else f"{label}: no figure is published for {year}."
    )


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
