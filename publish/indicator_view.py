"""One indicator as a page shows it: the two councils side by side, with sentence, chart, table, comparators and badge.

Lives here: the view of an indicator and its parts.
Add here: another part of every indicator (control-chart signals, say).
Must not live here: page layout, exact counts, wording (words.py), drawing (figures.py).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from publish import figures, words
from publish.board import AREA_NAMES, COUNCILS, JOINT, STAFFORDSHIRE, STOKE, Board
from publish.disclosure import CONFIDENTIAL
from publish.words import PHRASES, Figure

BREAKDOWNS = (("age_band", "Age"), ("sex", "Sex"), ("ethnicity", "Ethnicity"))
BREAKDOWN_ORDER = ["Unborn", "Under 1", "1 to 4", "5 to 9", "10 to 15", "16 and over", "Female", "Male", "White", "Mixed",
                   "Asian", "Black", "Other", "Unknown"]  # fmt: skip


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
    caption: str
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
    compared: bool
    is_percent: bool
    linked: str = ""
    breakdowns: list[tuple[str, list[dict[str, str]]]] = field(default_factory=list)
    breakdown_period: str = ""


def css_of(area: str) -> str:
    return {STAFFORDSHIRE: "staffs", STOKE: "stoke"}.get(area, "joint")


# --- pages -------------------------------------------------------------------------------------------------------


def indicator(board: Board, ind: str) -> IndicatorView | None:
    """Everything that is shown of one indicator: the two councils side by side."""
    if not board.has(ind):
        return None
    phrase, register = PHRASES[ind], board.register.get(ind, {})
    latest = {a: board.latest(ind, a) for a in COUNCILS}
    pairs = [(now, before) for now, before in latest.values() if now]
    if not pairs:
        return None
    series = _series(board, ind)
    marks = {a: board.benchmarks(ind, a) for a in COUNCILS}
    top = figures.ceiling(
        [f for s in series.values() for f in s],
        [b for m in marks.values() for b in m],
        percent="percent" in phrase.kind,
    )
    areas = [
        _area(
            ind,
            a,
            *latest[a],
            series[a],
            marks[a],
            top,
            board.why_left_out(ind, a, now.period) if (now := latest[a][0]) else [],
        )
        for a in COUNCILS
    ]
    joint, _ = board.latest(ind, JOINT)
    view = IndicatorView(
        id=ind, heading=words.finding(ind, pairs), short=phrase.short,
        meaning=register.get("meaning", ""), polarity=words.POLARITY.get(register.get("polarity", ""), ""),
        version=register.get("version", ""), areas=[a for a in areas if a],
        # One hidden council and the joint figure would say more of it than its own line does.
        joint=_joint(joint, phrase.kind) if all(now.is_shown for now, _ in pairs) else "",
        compared=any(marks.values()), is_percent="percent" in phrase.kind,
    )  # fmt: skip
    if not ind.startswith(("ED", "WF", "DQ")):
        view.breakdowns = _breakdowns(board, ind, pairs[0][0].period)
        view.breakdown_period = pairs[0][0].period
    return view


def _area(
    ind: str,
    area: str,
    now: Figure | None,
    before: Figure | None,
    series: list[Figure],
    marks: list[words.Benchmark],
    top: float,
    left_out: list[str],
) -> AreaView | None:
    if now is None:
        return None
    kind = PHRASES[ind].kind
    name = AREA_NAMES[area]
    title = f"{PHRASES[ind].short}, {name}"
    chart = (
        figures.trend(f"c-{ind}-{css_of(area)}".lower(), area, title, series, marks, kind, top)
        if any(f.is_shown for f in series)
        else ""
    )
    return AreaView(
        code=area, name=name, css=css_of(area),
        value=words.amount(now.value, kind) if now.is_shown else "No figure",
        parts=words.of_parts(now, kind) if now.is_shown else words.SHORT_WHY.get(now.symbol, "no figure").capitalize(),
        period=when(now, kind), badge=words.badge(now.trust, now.reason),
        sentence=words.sentence(ind, now), change=words.change_sentence(ind, now, before),
        comparison=words.comparison_sentence(ind, now, marks), excluded=words.excluded_note(now, left_out),
        chart=Markup(chart),  # noqa: S704 - our own drawing; its texts are escaped where it is made
        caption=_caption(ind, series),
        rows=[_row(f, kind) for f in reversed(series)],
        benchmarks=[
            {"name": capital(b.name.removeprefix("the ").removeprefix("its ")), "value": b.shown or words.amount(b.value, kind), "year": b.year,
             "note": f"middle value of {b.areas} areas" if b.key == "neighbour_median" and b.areas else ""}
            for b in marks
        ],
    )  # fmt: skip


def when(figure: Figure, kind: str) -> str:
    return words.day(figure.end) if kind.startswith("stock") and figure.end else figure.period


def capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _row(f: Figure, kind: str) -> dict[str, Any]:
    key, label, reason = words.badge(f.trust, f.reason)
    return {
        "period": capital(f.period), "value": words.amount(f.value, kind) if f.is_shown else f.symbol or "x",
        "range": f"{f.low:,.1f} to {f.high:,.1f}" if f.is_shown and not math.isnan(f.low) else "",
        "n": words.count(f.n, f.n_symbol), "d": words.count(f.d, f.d_symbol), "key": key, "badge": label,
        "reason": reason if key != "complete" else "",
    }  # fmt: skip


def _joint(figure: Figure | None, kind: str) -> str:
    if figure is None or not figure.is_shown:
        return ""
    return f"Both areas together: {words.amount(figure.value, kind)} ({words.of_parts(figure, kind)}), {when(figure, kind)}."


def _series(board: Board, ind: str) -> dict[str, list[Figure]]:
    """What the pair of charts shows. Years when most quarters of a council are too small to show, and years are not."""
    usual = {a: board.trend(ind, a) for a in COUNCILS}
    if ind.startswith("ED") or min(map(_share_shown, usual.values())) > 0.7:
        return usual
    years = {a: board.trend(ind, a, yearly=True) for a in COUNCILS}
    more = sum(map(_share_shown, years.values())) > sum(map(_share_shown, usual.values()))
    return years if more and min(len(s) for s in years.values()) > 1 else usual


def _share_shown(series: list[Figure]) -> float:
    return sum(f.is_shown for f in series) / len(series) if series else 0.0


def _caption(ind: str, series: list[Figure]) -> str:
    """What a point of the chart is, said above the chart: it is often not the year of the big number."""
    if not series:
        return ""
    last, stock = series[-1].period, PHRASES[ind].kind.startswith("stock")
    is_year = bool(re.fullmatch(r"\d{4}-\d\d", last))
    if ind.startswith("ED"):
        said = "By school year."
    elif last.startswith("the 12 months"):
        said = "Each point is the 12 months to that date, so that it compares with a yearly figure."
    elif stock:
        said = f"On the last day of each {'year, 31 March' if is_year else 'quarter'}."
    else:
        said = (
            f"By year, to {last}: quarters are too small to show."
            if is_year
            else f"By quarter; the last is {last}."
        )
    hidden = [f for f in series if not f.is_shown]
    gap = ""
    if any(f.symbol == CONFIDENTIAL for f in hidden):
        gap = " Where a point is missing, the number is too small to show."
    elif hidden:
        gap = " Where a point is missing, there is no figure."
    return f"{said} Shaded: the 95% range.{gap}"


def _breakdowns(board: Board, ind: str, period: str) -> list[tuple[str, list[dict[str, str]]]]:
    kind = PHRASES[ind].kind
    out: list[tuple[str, list[dict[str, str]]]] = []
    for by, label in BREAKDOWNS:
        found = {a: board.breakdown(ind, a, by, period) for a in COUNCILS}
        groups = sorted({g for f in found.values() for g in f}, key=_place)
        rows = [{"group": g, **{css_of(a): _cell(found[a].get(g), kind) for a in COUNCILS}} for g in groups]
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
