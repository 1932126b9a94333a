"""Charts: static SVG made from protected figures, readable on a phone and without colour.

Lives here: the look of a chart (colours, type, direct labels), and the accessible wrapper around the picture.
Add here: another kind of chart.
Must not live here: exact counts (a chart is given protected figures only), page layout, sentences about meaning.

Every chart is drawn about 400 units wide, so that on a 390-pixel phone its 14-unit text is still some 12 pixels high.
Staffordshire is always a blue line with circles, Stoke-on-Trent a clay-coloured one with squares.
"""

from __future__ import annotations

import html
import math
import re
from typing import Any

import altair as alt
import pandas as pd
import vl_convert as vlc

from publish.words import Benchmark, Figure, amount, plural

INK, MUTED, GRID = "#15252b", "#4d5b61", "#dfe3e1"
BLUE, CLAY = "#0b5a7d", "#a5401f"
LOOK: dict[str, tuple[str, str]] = {"E10000028": (BLUE, "circle"), "E06000021": (CLAY, "square")}
#: Dark to light, each told apart by its number and its place as well.
STEPS = ["#0b3c52", "#2f7396", "#8fbcd1", "#d3c4a8", "#f2efe8"]
ON_STEPS = ["#ffffff", "#ffffff", INK, INK, INK]
FONT = "Segoe UI, Helvetica Neue, Arial, Noto Sans, Liberation Sans, sans-serif"
WIDTH, HEIGHT = 330, 176


def _finish(chart: Any, key: str, title: str, description: str) -> str:
    """Render, then make the picture one accessible image with unique ids and no size of its own."""
    spec = chart.configure(
        aria=False, font=FONT, background="transparent", padding={"left": 2, "right": 2, "top": 4, "bottom": 2},
        view={"stroke": None},
        axis={"labelFontSize": 13, "titleFontSize": 13, "labelColor": MUTED, "titleColor": MUTED, "titleFontWeight": "normal",
              "gridColor": GRID, "domainColor": "#9aa5a3", "tickColor": "#9aa5a3"},
        text={"fontSize": 13, "color": INK, "font": FONT},
    ).to_dict()  # fmt: skip
    svg = vlc.vegalite_to_svg(spec)
    body = re.sub(r'\s(?:role|aria-[a-z]+|class|pointer-events)="[^"]*"', "", svg[svg.index(">") + 1 : svg.rindex("</svg>")])
    body = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{key}-", body)
    box = re.search(r'viewBox="([^"]+)"', svg)
    view = box.group(1) if box else "0 0 400 220"
    return (
        f'<svg class="chart" role="img" viewBox="{view}" aria-labelledby="{key}-t {key}-d" focusable="false">'
        f'<title id="{key}-t">{html.escape(title)}</title><desc id="{key}-d">{html.escape(description)}</desc>{body}</svg>'
    )


def ceiling(figures: list[Figure], benchmarks: list[Benchmark], *, percent: bool) -> float:
    """The top of the scale that two charts side by side share, from zero, so that they can be compared by eye."""
    tops = [f.high if not math.isnan(f.high) else f.value for f in figures if f.is_shown]
    tops += [b.value for b in benchmarks if not math.isnan(b.value)]
    if not tops:
        return 1.0
    top = max(tops) * 1.12
    if percent and top > 60:
        return 100.0
    step = 10 ** math.floor(math.log10(top))
    return next(m * step for m in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if m * step >= top)


def _tick(figure: Figure) -> str:
    """A short label for the time axis: the years at which a financial year starts, or the school year."""
    if "school year" in figure.period:
        return figure.period.removeprefix("the ").removesuffix(" school year")
    return f"{figure.end:%b %Y}" if figure.end else figure.period


def describe(figures: list[Figure], benchmarks: list[Benchmark], kind: str) -> str:
    """Alternative text: what the line does, in one or two sentences, from the same protected figures."""
    shown = [f for f in figures if f.is_shown]
    if not shown:
        return "No point can be shown."
    first, last = shown[0], shown[-1]
    top, low = max(shown, key=lambda f: f.value), min(shown, key=lambda f: f.value)
    said = (
        f"{len(shown)} points. From {amount(first.value, kind)} ({first.period}) to {amount(last.value, kind)} ({last.period});"
        f" highest {amount(top.value, kind)} ({top.period}), lowest {amount(low.value, kind)} ({low.period})."
    )
    gaps = len(figures) - len(shown)
    if gaps:
        said += f" No figure can be shown for {plural(gaps, 'period')}."
    lines = [f"{b.name} {amount(b.value, kind)} in {b.year}" for b in benchmarks if not math.isnan(b.value)]
    return said + (f" Marked for comparison: {'; '.join(lines)}." if lines else "")


def trend(key: str, area: str, title: str, figures: list[Figure], benchmarks: list[Benchmark], kind: str, top: float) -> str:
    """One council's line with its 95% range, its last value, and England and the neighbours as labelled lines."""
    colour, shape = LOOK[area]
    percent = "percent" in kind
    data = pd.DataFrame(
        {
            "i": range(len(figures)),
            "value": [f.value if f.is_shown else None for f in figures],
            "low": [f.low if f.is_shown else None for f in figures],
            "high": [min(f.high, top) if f.is_shown else None for f in figures],
        }
    )
    labels = [_tick(f) for f in figures]
    ticks = _ticks(figures)
    names = "{" + ", ".join(f"'{i}': '{labels[i]}'" for i in ticks) + "}"
    x = alt.X(
        "i:Q", title=None, scale=alt.Scale(domain=[-0.4, max(len(figures) - 0.6, 0.6)], nice=False),
        axis=alt.Axis(values=ticks, labelExpr=f"({names})[datum.value] || ''", grid=False, labelFlush=False, labelOverlap=False),
    )  # fmt: skip
    y_axis = alt.Axis(tickCount=4, title=None, labelExpr="datum.label + '%'" if percent else "datum.label")
    y_scale = alt.Scale(domain=[0, top], nice=False, zero=True)

    def y(field: str) -> alt.Y:
        return alt.Y(f"{field}:Q", scale=y_scale, axis=y_axis)

    base = alt.Chart(data)
    layers: list[Any] = [
        base.mark_area(color=colour, opacity=0.14).encode(x=x, y=y("low"), y2="high:Q"),
        *_lines(benchmarks, len(figures), x, y),
        base.mark_line(color=colour, strokeWidth=2.5).encode(x=x, y=y("value")),
        base.mark_point(color=colour, filled=True, opacity=1, size=42, shape=shape).encode(x=x, y=y("value")),
    ]
    layers += _line_names(benchmarks, figures, kind, top, x, y)
    shown = [i for i, f in enumerate(figures) if f.is_shown]
    if shown:
        last = figures[shown[-1]]
        label = pd.DataFrame({"i": [shown[-1]], "value": [last.value], "text": [amount(last.value, kind)]})
        above = last.value < 0.86 * top
        layers.append(
            alt.Chart(label)
            .mark_text(align="right", dx=4, dy=-13 if above else 16, fontWeight="bold", color=colour, fontSize=14)
            .encode(x=x, y=y("value"), text="text:N")
        )
    chart = alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)
    return _finish(chart, key, title, describe(figures, benchmarks, kind))


def _ticks(figures: list[Figure]) -> list[int]:
    """At most four labels on the time axis, the last point always among them."""
    n = len(figures)
    if n <= 4:
        return list(range(n))
    step = 4 if n > 8 else math.ceil((n - 1) / 2)
    return sorted(set(range(n - 1, -1, -step)))


REFERENCES: dict[str, tuple[str, list[int]]] = {"england": ("England", [6, 4]), "neighbour_median": ("Neighbours", [2, 3])}


def _lines(benchmarks: list[Benchmark], n: int, x: alt.X, y: Any) -> list[Any]:
    """England (dashed) and the neighbours (dotted), behind the council's own line."""
    layers: list[Any] = []
    for b in benchmarks:
        if b.key in REFERENCES and not math.isnan(b.value):
            row = pd.DataFrame({"i": [-0.4], "end": [n - 0.6], "value": [b.value]})
            mark = alt.Chart(row).mark_rule(color=MUTED, strokeDash=REFERENCES[b.key][1], strokeWidth=1.5)
            layers.append(mark.encode(x=x, x2="end:Q", y=y("value")))
    return layers


def _line_names(
    benchmarks: list[Benchmark], figures: list[Figure], kind: str, top: float, x: alt.X, y: Any
) -> list[Any]:
    """The names of those lines, each above or below its line, wherever it is furthest from everything else drawn.

    A white edge keeps a name readable where it must cross the council's line all the same.
    """
    unit = top / HEIGHT
    own = [f.value for f in figures[: max(2, len(figures) // 2)] if f.is_shown]
    marks = [b for b in benchmarks if b.key in REFERENCES and not math.isnan(b.value)]
    taken: list[float] = []
    layers: list[Any] = []
    for b in sorted(marks, key=lambda m: m.value):
        others = [m.value for m in marks if m is not b] + own + taken
        places = [b.value + side * 9.5 * unit for side in (1, -1)]
        free = [min((abs(p - o) for o in others), default=top) - (top if p < 6 * unit or p > top - 4 * unit else 0) for p in places]
        at = places[0] if free[0] >= free[1] else places[1]
        taken.append(at)
        row = pd.DataFrame({"i": [-0.4], "value": [at], "text": [f"{REFERENCES[b.key][0]} {amount(b.value, kind)}"]})
        text = alt.Chart(row).encode(x=x, y=y("value"), text="text:N")
        look: dict[str, Any] = {"align": "left", "baseline": "middle", "dx": 4, "fontSize": 12.5}
        layers += [text.mark_text(**look, stroke="white", strokeWidth=4, opacity=0.9), text.mark_text(**look, color=MUTED)]
    return layers


def stacked(key: str, title: str, description: str, rows: pd.DataFrame, order: list[str], names: dict[str, str]) -> str:
    """Horizontal bars of counts: one bar a `label`, parts in the given order, each part with its number in it.

    `rows` has label, part, n. The legend is words above the bars in the same order as the parts.
    """
    labels = list(dict.fromkeys(rows["label"]))
    data = rows.assign(order=rows["part"].map({p: i for i, p in enumerate(order)}), part_name=rows["part"].map(names))
    data = data.sort_values(["label", "order"], kind="stable")
    data["end"] = data.groupby("label")["n"].cumsum()
    data["start"] = data["end"] - data["n"]
    data["middle"] = (data["start"] + data["end"]) / 2
    data["text"] = data["n"].map(lambda n: f"{n:.0f}" if n > 0 else "")
    known = [names[p] for p in order]
    y = alt.Y("label:N", sort=labels, title=None, axis=alt.Axis(labelLimit=170, domain=False, ticks=False, labelColor=INK, labelPadding=6))
    total = float(data["end"].max()) if len(data) else 1.0
    x = alt.X("start:Q", title=None, axis=None, scale=alt.Scale(domain=[0, total], nice=False))
    colour = alt.Color("part_name:N", scale=alt.Scale(domain=known, range=STEPS[: len(known)]), legend=None)
    ink = alt.Color("part_name:N", scale=alt.Scale(domain=known, range=ON_STEPS[: len(known)]), legend=None)
    base = alt.Chart(data)
    bars = base.mark_bar(height=20, stroke=INK, strokeWidth=0.5).encode(y=y, x=x, x2="end:Q", color=colour)
    wide = data[data["n"] >= 0.06 * total]
    text = alt.Chart(wide).mark_text(fontSize=12.5).encode(y=y, x=alt.X("middle:Q", title=None, axis=None), text="text:N", color=ink)
    chart = (bars + text).resolve_scale(color="independent").properties(width=230, height=max(1, len(labels)) * 28)
    return _finish(chart, key, title, description)


def bars(key: str, title: str, description: str, rows: pd.DataFrame, colour: str, top: float) -> str:
    """Horizontal bars, each with its value written at its end. `rows` has label, value, text."""
    labels = list(rows["label"])
    y = alt.Y("label:N", sort=labels, title=None, axis=alt.Axis(labelLimit=190, domain=False, ticks=False, labelColor=INK, labelPadding=6))
    x = alt.X("value:Q", title=None, axis=None, scale=alt.Scale(domain=[0, top * 1.45], nice=False))
    base = alt.Chart(rows)
    drawn = base.mark_bar(height=16, color=colour).encode(y=y, x=x)
    said = base.mark_text(align="left", dx=5, fontSize=12.5, color=INK).encode(y=y, x=x, text="text:N")
    return _finish((drawn + said).properties(width=210, height=max(1, len(labels)) * 26), key, title, description)
