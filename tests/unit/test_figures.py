"""Charts: held against Altair's schema of Vega-Lite, named for screen readers, drawn from shown figures only."""

from __future__ import annotations

import datetime as dt
import math

import altair as alt
import pytest
from lxml import etree

from publish import figures
from publish.words import Benchmark, Figure

MARKS = [
    Benchmark("england", "England", "2025", 22.6, ""),
    Benchmark("neighbour_median", "its statistical neighbours", "2025", 21.5, "", 10),
]


def line(values: list[float]) -> list[Figure]:
    return [
        Figure(area="Stoke-on-Trent", period=f"quarter {i}", end=dt.date(2024, 3, 31) + dt.timedelta(days=91 * i), n=100, n_symbol="", d=500,
               d_symbol="", value=v, symbol="c" if math.isnan(v) else "", low=v - 2, high=v + 2, trust="complete")
        for i, v in enumerate(values)
    ]  # fmt: skip


SERIES = {
    "full": line([20.0, 21.0, 22.0, 19.5, 20.1]),
    "gap": line([20.0, math.nan, 22.0]),
    "one": line([20.0]),
    "none": line([math.nan]),
}


@pytest.mark.parametrize("name", SERIES)
def test_specifications_are_valid_vega_lite(name):
    alt.LayerChart.from_dict(figures.trend_spec("E06000021", SERIES[name], MARKS, "percent", 30.0))


def test_bar_specifications_are_valid_vega_lite():
    alt.LayerChart.from_dict(
        figures.stacked_spec([("Police", [1, 0, 3]), ("NHS", [0, 0, 0])], ["a", "b", "c"])
    )
    rows = [
        figures.Range("Everybody", 98.1, 97.0, 99.0, "98.1%"),
        figures.Range("Male", 94.0, 92.0, 96.0, "94.0%"),
    ]
    alt.LayerChart.from_dict(figures.ranges_spec(rows, figures.BLUE, 90.0))
    alt.LayerChart.from_dict(figures.bars_spec([("Police", 12.5, "12.5% (10)")], figures.BLUE, 12.5))


@pytest.mark.parametrize("name", SERIES)
def test_a_chart_is_one_named_image_with_ids_of_its_own(name):
    svg = etree.fromstring(figures.trend("k", "E10000028", "T & <U>", SERIES[name], MARKS, "percent", 30.0))
    assert svg.get("role") == "img" and svg.get("aria-labelledby") == "k-t k-d"
    assert svg.find("title").text == "T & <U>" and svg.find("desc").text
    assert svg.get("width") is None and svg.get("viewBox")
    assert all(e.get("id").startswith("k-") for e in svg.iter() if e.get("id"))
    assert not [e for e in svg.iter() if e is not svg and e.get("role")]


def test_the_description_says_what_the_line_does():
    said = figures.describe(SERIES["gap"], MARKS, "percent")
    assert (
        "From 20.0% (quarter 0) to 22.0% (quarter 2)" in said
        and "No figure can be shown for 1 period." in said
    )
    assert "England 22.6% in 2025" in said


def test_the_scale_starts_at_zero_and_holds_everything():
    assert figures.ceiling(SERIES["full"], MARKS, percent=True) >= 24
    assert figures.ceiling(line([88.0]), [], percent=True) == 100
    assert figures.ceiling(SERIES["none"], [], percent=True) == 1
    spec = figures.trend_spec("E06000021", SERIES["full"], MARKS, "percent", 30.0)
    assert all(item["encoding"]["y"]["scale"]["domain"][0] == 0 for item in spec["layer"])
