"""Charts: static SVG made from protected figures, readable on a phone and without colour.

Lives here: the look of a chart (colours, type, direct labels), and the accessible wrapper around the picture.
Add here: another kind of chart.
Must not live here: exact counts (a chart is given protected figures only), page layout, sentences about meaning.

Charts are Vega-Lite specifications, drawn by Altair's own renderer, vl-convert. They are written as plain dictionaries
because Altair checks and copies every part of every chart each time. Measured in processor time on a full-size release of
56 charts: drawing 3.0 s; Altair's `to_dict` 3.2 s more, and 19 s to load finished specifications, besides 0.3 to 0.5 s for
its import. The check is worth having once, not in every release: the tests load each kind of specification with
`altair.LayerChart.from_dict`, so an invalid one fails there.

Every chart is drawn about 390 units wide, so that on a 390-pixel phone its 12.5-unit text is still over 11 pixels high.
Names and values stand at the right end of their lines, in a margin of their own, never on the data. Staffordshire is always a blue line with circles, Stoke-on-Trent a clay-coloured one with squares.
"""

from __future__ import annotations

import html
import math
import re
from dataclasses import dataclass
from typing import Any

import vl_convert as vlc

from publish.words import Benchmark, Figure, amount, plural

Spec = dict[str, Any]

INK, MUTED, GRID = "#15252b", "#4d5b61", "#dfe3e1"
BLUE, CLAY = "#0b5a7d", "#a5401f"
LOOK: dict[str, tuple[str, str]] = {"E10000028": (BLUE, "circle"), "E06000021": (CLAY, "square")}
#: Dark to light, each told apart by its number and its place as well.
STEPS = ["#0b3c52", "#2f7396", "#8fbcd1", "#d3c4a8", "#f2efe8"]
ON_STEPS = ["#ffffff", "#ffffff", INK, INK, INK]
FONT = "Segoe UI, Helvetica Neue, Arial, Noto Sans, Liberation Sans, sans-serif"
WIDTH, HEIGHT = 344, 184
TEXT: Spec = {"text": {"field": "text", "type": "nominal"}}


def config() -> dict[str, Any]:
    """What all charts look like."""
    axis = {"labelFontSize": 13, "titleFontSize": 13, "labelColor": MUTED, "titleColor": MUTED, "titleFontWeight": "normal",
            "gridColor": GRID, "domainColor": "#9aa5a3", "tickColor": "#9aa5a3"}  # fmt: skip
    return {
        "aria": False,
        "font": FONT,
        "view": {"stroke": None},
        "axis": axis,
        "text": {"fontSize": 13, "color": INK, "font": FONT},
    }


def whole(layers: list[Spec], width: int, height: int) -> Spec:
    """A Vega-Lite specification of layers drawn over each other.

    A plain dictionary, held against Altair's schema in the tests (the reason is at the top of this module).
    """
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json", "width": width, "height": height, "layer": layers,
        "background": "transparent", "padding": {"left": 2, "right": 2, "top": 4, "bottom": 2}, "config": config(),
    }  # fmt: skip


def layer(mark: Spec, encoding: Spec, values: list[Spec]) -> Spec:
    return {"mark": mark, "encoding": encoding, "data": {"values": values}}


def picture(spec: Spec, key: str, title: str, description: str) -> str:
    """Render, then make the picture one accessible image with unique ids and no size of its own."""
    svg = vlc.vegalite_to_svg(spec)
    body = re.sub(
        r'\s(?:role|aria-[a-z]+|class|pointer-events)="[^"]*"',
        "",
        svg[svg.index(">") + 1 : svg.rindex("</svg>")],
    )
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


def _tick(figure: Figure, kind: str) -> str:
    """A short label for the time axis: the month in which a period ends, or the year when the period is one."""
    if re.fullmatch(r"\d{4}-\d\d", figure.period) and not kind.startswith("stock"):
        return figure.period
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


def trend(
    key: str, area: str, title: str, figures: list[Figure], benchmarks: list[Benchmark], kind: str, top: float
) -> str:
    """One council's line with its 95% range, its last value, and England and the neighbours as labelled lines."""
    return picture(
        trend_spec(area, figures, benchmarks, kind, top), key, title, describe(figures, benchmarks, kind)
    )


def trend_spec(area: str, figures: list[Figure], benchmarks: list[Benchmark], kind: str, top: float) -> Spec:
    colour, shape = LOOK[area]
    marks = [b for b in benchmarks if b.key in REFERENCES and not math.isnan(b.value)]
    zone = 118 if marks else 62  # room for names at the right, where no data can be under them
    last = max(len(figures) - 1, 1)
    pixel = (last + 0.4) / (WIDTH - zone)
    rows: list[Spec] = [
        {"i": i, "value": f.value, "low": f.low, "high": min(f.high, top)} if f.is_shown
        else {"i": i, "value": None, "low": None, "high": None}
        for i, f in enumerate(figures)
    ]  # fmt: skip
    ticks = _ticks(figures)
    names = "{" + ", ".join(f"'{i}': '{_tick(figures[i], kind)}'" for i in ticks) + "}"
    x: Spec = {
        "field": "i", "type": "quantitative", "title": None, "scale": {"domain": [-0.4, last + zone * pixel], "nice": False},
        "axis": {"values": ticks, "labelExpr": f"({names})[datum.value] || ''", "grid": False, "domain": False,
                 "labelFlush": False, "labelOverlap": False},
    }  # fmt: skip

    def y(field: str) -> Spec:
        label = "datum.label + '%'" if "percent" in kind else "datum.label"
        return {"field": field, "type": "quantitative", "title": None, "axis": {"tickCount": 4, "labelExpr": label},
                "scale": {"domain": [0, top], "nice": False, "zero": True}}  # fmt: skip

    line, band = {"x": x, "y": y("value")}, {"x": x, "y": y("low"), "y2": {"field": "high"}}
    layers = [
        layer({"type": "area", "color": colour, "opacity": 0.14}, band, rows),
        layer({"type": "rule", "color": colour, "opacity": 0.3, "strokeWidth": 5}, band, [rows[i] for i in _alone(figures)]),
        *[
            layer({"type": "rule", "color": MUTED, "strokeDash": REFERENCES[b.key][1], "strokeWidth": 1.5},
                  {"x": x, "x2": {"field": "end"}, "y": y("value")}, [{"i": -0.4, "end": last + 7 * pixel, "value": b.value}])
            for b in marks
        ],
        layer({"type": "line", "color": colour, "strokeWidth": 2.5}, line, rows),
        layer({"type": "point", "color": colour, "filled": True, "opacity": 1, "size": 42, "shape": shape}, line, rows),
    ]  # fmt: skip
    for at, value, text, look in _names(figures, marks, kind, top, colour, last + 11 * pixel, pixel):
        mark = {"type": "text", "align": "left", "baseline": "middle", "fontSize": 12.5, **look}
        row: Spec = {"i": at, "value": value, "text": text}
        layers += [
            layer(mark | {"stroke": "white", "strokeWidth": 4, "opacity": 0.9}, line | TEXT, [row]),
            layer(mark, line | TEXT, [row]),
        ]
    return whole(layers, WIDTH, HEIGHT)


def _alone(figures: list[Figure]) -> list[int]:
    """Points with no neighbour on either side: an area cannot show their range, a short bar can."""
    shown = {i for i, f in enumerate(figures) if f.is_shown and not math.isnan(f.low)}
    return sorted(i for i in shown if not {i - 1, i + 1} & shown)


def _names(
    figures: list[Figure],
    marks: list[Benchmark],
    kind: str,
    top: float,
    colour: str,
    margin: float,
    pixel: float,
) -> list[tuple[float, float, str, Spec]]:
    """Where each line's name and value stand, as (x, y, text, look): at its right end, moved apart when they are close."""
    out: list[tuple[float, float, str, Spec]] = []
    ends: list[tuple[float, str, Spec]] = [
        (b.value, f"{REFERENCES[b.key][0]} {amount(b.value, kind)}", {"color": MUTED}) for b in marks
    ]
    shown = [i for i, f in enumerate(figures) if f.is_shown]
    if shown:
        last = figures[shown[-1]]
        own: Spec = {"color": colour, "fontWeight": "bold", "fontSize": 14}
        if shown[-1] == len(figures) - 1:
            ends.append((last.value, amount(last.value, kind), own))
        else:
            out.append((shown[-1] + 8 * pixel, last.value, amount(last.value, kind), own))
    ends.sort(key=lambda e: e[0])
    places = spread([value / top * HEIGHT for value, _, _ in ends], 16, 4, HEIGHT - 4)
    return out + [
        (margin, place * top / HEIGHT, text, look)
        for place, (_, text, look) in zip(places, ends, strict=True)
    ]


def spread(wanted: list[float], gap: float, low: float, high: float) -> list[float]:
    """Places as near as can be to those wanted (in rising order), at least a gap apart and inside the limits."""
    places: list[float] = []
    for place in wanted:
        places.append(max(place, low, places[-1] + gap if places else low))
    for i in range(len(places) - 1, -1, -1):
        places[i] = min(places[i], high if i == len(places) - 1 else places[i + 1] - gap)
    # A pair that only just touches moves apart evenly, not all of it upwards.
    if len(places) == 2 and wanted[1] - wanted[0] < gap:
        shift = min((places[1] - wanted[1]) / 2, places[0] - low)
        places = [p - max(shift, 0.0) for p in places]
    return places


def _ticks(figures: list[Figure]) -> list[int]:
    """At most four labels on the time axis, the last point always among them."""
    n = len(figures)
    if n <= 4:
        return list(range(n))
    step = 4 if n > 8 else math.ceil((n - 1) / 2)
    return sorted(set(range(n - 1, -1, -step)))


REFERENCES: dict[str, tuple[str, list[int]]] = {
    "england": ("England", [6, 4]),
    "neighbour_median": ("Neighbours", [2, 3]),
}


def stacked(
    key: str, title: str, description: str, bars_: list[tuple[str, list[int]]], parts: list[str]
) -> str:
    """Horizontal bars of counts: one bar a label, parts in the given order, each part with its number in it."""
    return picture(stacked_spec(bars_, parts), key, title, description)


def stacked_spec(bars_: list[tuple[str, list[int]]], parts: list[str]) -> Spec:
    total = max((sum(counts) for _, counts in bars_), default=0) or 1
    rows: list[Spec] = []
    for label, counts in bars_:
        start = 0
        for part, n in zip(parts, counts, strict=True):
            if n:
                rows.append(
                    {
                        "label": label,
                        "part": part,
                        "start": start,
                        "end": start + n,
                        "middle": start + n / 2,
                        "text": str(n),
                    }
                )
            start += n
    y = _labels([label for label, _ in bars_], 170)
    scale = {"domain": [0, total], "nice": False}

    def colour(range_: list[str]) -> Spec:
        return {
            "field": "part",
            "type": "nominal",
            "legend": None,
            "scale": {"domain": parts, "range": range_[: len(parts)]},
        }

    def x(field: str) -> Spec:
        return {"field": field, "type": "quantitative", "title": None, "axis": None, "scale": scale}

    layers = [
        layer({"type": "bar", "height": 20, "stroke": INK, "strokeWidth": 0.5},
              {"y": y, "x": x("start"), "x2": {"field": "end"}, "color": colour(STEPS)}, rows),
        layer({"type": "text", "fontSize": 12.5}, {"y": y, "x": x("middle"), "color": colour(ON_STEPS)} | TEXT,
              [r for r in rows if r["end"] - r["start"] >= 0.06 * total]),
    ]  # fmt: skip
    return whole(layers, 230, max(1, len(bars_)) * 28) | {"resolve": {"scale": {"color": "independent"}}}


def bars(
    key: str, title: str, description: str, rows: list[tuple[str, float, str]], colour: str, top: float
) -> str:
    """Horizontal bars, each with its value written at its end. `rows` are (label, value, text)."""
    return picture(bars_spec(rows, colour, top), key, title, description)


def bars_spec(rows: list[tuple[str, float, str]], colour: str, top: float) -> Spec:
    values: list[Spec] = [{"label": label, "value": value, "text": text} for label, value, text in rows]
    y = _labels([label for label, _, _ in rows], 190)
    x: Spec = {
        "field": "value",
        "type": "quantitative",
        "title": None,
        "axis": None,
        "scale": {"domain": [0, top * 1.45], "nice": False},
    }
    layers = [
        layer({"type": "bar", "height": 16, "color": colour}, {"y": y, "x": x}, values),
        layer(
            {"type": "text", "align": "left", "dx": 5, "fontSize": 12.5, "color": INK},
            {"y": y, "x": x} | TEXT,
            values,
        ),
    ]
    return whole(layers, 210, max(1, len(rows)) * 26)


@dataclass(frozen=True)
class Range:
    """One line of a chart of ranges: what it is of, its value and 95% range, and the value as it is written."""

    label: str
    value: float
    low: float
    high: float
    text: str


def ranges(key: str, title: str, description: str, rows: list[Range], colour: str, bottom: float) -> str:
    """Percentages as dots on their 95% ranges, from `bottom` to 100, the first row's value as a dashed line through all."""
    return picture(ranges_spec(rows, colour, bottom), key, title, description)


def ranges_spec(rows: list[Range], colour: str, bottom: float) -> Spec:
    values: list[Spec] = [
        {"label": r.label, "value": r.value, "low": r.low, "high": r.high, "end": 100, "text": r.text} for r in rows
    ]  # fmt: skip
    y = _labels([r.label for r in rows], 110)
    top = 100 + 0.34 * (100 - bottom)  # room for the values at the right, where no range can be
    ticks = [bottom, (bottom + 100) / 2, 100]

    def x(field: str) -> Spec:
        return {"field": field, "type": "quantitative", "title": None, "scale": {"domain": [bottom, top], "nice": False, "zero": False},
                "axis": {"values": ticks, "labelExpr": "datum.label + '%'", "grid": True, "domain": False, "labelFlush": False,
                         "labelOverlap": False}}  # fmt: skip

    layers = [
        layer({"type": "rule", "color": MUTED, "strokeDash": [6, 4], "strokeWidth": 1.5}, {"x": x("value")}, values[:1]),
        layer({"type": "rule", "color": colour, "opacity": 0.4, "strokeWidth": 5},
              {"y": y, "x": x("low"), "x2": {"field": "high"}}, values),
        layer({"type": "point", "color": colour, "filled": True, "opacity": 1, "size": 42}, {"y": y, "x": x("value")}, values),
        layer({"type": "text", "align": "left", "dx": 5, "fontSize": 12.5, "color": INK}, {"y": y, "x": x("end")} | TEXT, values),
    ]  # fmt: skip
    return whole(layers, 254, max(1, len(rows)) * 21)


def _labels(labels: list[str], limit: int) -> Spec:
    axis = {"labelLimit": limit, "domain": False, "ticks": False, "labelColor": INK, "labelPadding": 6}
    return {"field": "label", "type": "nominal", "sort": labels, "title": None, "axis": axis}
