"""Sentences say the period, the area, n and N; change words only when chance is an unlikely reason."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import replace

import pytest

from publish import words
from publish.words import PHRASES, Benchmark, Figure

NOW = Figure(
    area="Stoke-on-Trent", period="2025-26", end=dt.date(2026, 3, 31), n=815, n_symbol="", d=3870, d_symbol="", value=21.06,
    symbol="", low=19.8, high=22.4, trust="complete", population_year=2024,
)  # fmt: skip
HIDDEN = replace(NOW, n=math.nan, n_symbol="c", value=math.nan, symbol="c", low=math.nan, high=math.nan)


@pytest.mark.parametrize("indicator", sorted(PHRASES))
def test_every_sentence_names_period_area_n_and_n(indicator):
    said = words.sentence(indicator, NOW)
    assert "Stoke-on-Trent" in said and "815" in said and "3,870" in said
    assert "2025-26" in said or "31 March 2026" in said
    assert said.endswith(".") and "nan" not in said


@pytest.mark.parametrize("indicator", sorted(PHRASES))
def test_a_hidden_figure_is_said_without_a_number(indicator):
    said = words.sentence(indicator, HIDDEN)
    assert not re.search(r"\b(815|3,870|\d+\.\d%)", said)
    assert "too small to show" in said


def test_a_percentage_never_stands_without_its_parts():
    before = replace(NOW, period="2024-25", n=640, d=3870, value=16.5, low=15.4, high=17.8)
    said = words.change_sentence("FD08", NOW, before)
    assert "16.5% in 2024-25 (640 of 3,870)" in said


@pytest.mark.parametrize(
    ("low", "high", "moved"),
    [(15.0, 17.0, "higher"), (25.0, 27.0, "lower"), (20.0, 23.0, "none"), (22.4, 24.0, "none")],
)
def test_change_is_only_said_when_intervals_do_not_overlap(low, high, moved):
    assert words.change(NOW, replace(NOW, low=low, high=high)) == moved


def test_no_change_is_claimed_against_a_figure_that_is_hidden_or_not_safe():
    assert words.change(NOW, HIDDEN) == "unknown"
    assert words.change(NOW, replace(NOW, low=1, high=2, trust="not_safe")) == "unknown"
    assert words.change(NOW, None) == "unknown"


def test_comparison_words_follow_the_interval_and_carry_the_year():
    marks = [
        Benchmark("england", "England", "2025", 22.6, ""),
        Benchmark("neighbour_median", "its statistical neighbours", "2025", 21.5, ""),
    ]
    said = words.comparison_sentence("FD08", NOW, marks)
    assert (
        said
        == "That is lower than England (22.6% in 2025); about the same as its statistical neighbours (21.5% in 2025)."
    )
    assert words.comparison_sentence("FD08", HIDDEN, marks) == ""


def test_headings_are_findings():
    up = replace(NOW, low=1, high=2)
    assert words.finding("FD08", [(NOW, up), (replace(NOW, area="Staffordshire"), up)]).endswith(
        "clearly up in both areas"
    )
    assert "no figure to show in Stoke-on-Trent" in words.finding(
        "FD08", [(HIDDEN, NOW), (replace(NOW, area="Staffordshire"), up)]
    )


@pytest.mark.parametrize("indicator", sorted(PHRASES))
def test_no_judgement_words(indicator):
    said = " ".join(
        [words.sentence(indicator, NOW), words.finding(indicator, [(NOW, replace(NOW, low=1, high=2))])]
    ).lower()
    assert not re.search(r"\b(good|bad|better|worse|improv|deteriorat|red|amber|green)\w*", said)


def test_an_unknown_verdict_is_not_complete():
    assert words.badge("", "")[0] == "partial"
    assert words.badge("nan", "")[0] == "partial"


def test_a_badge_does_not_say_its_label_twice():
    assert words.badge("partial", "Partial: only 88% of the rows could be used.") == (
        "partial",
        "Partial",
        "Only 88% of the rows could be used.",
    )


def test_lists_and_plurals():
    assert words.several(["a", "b", "c"]) == "a, b and c"
    assert words.several([]) == ""
    assert (words.plural(1, "day"), words.plural(1200, "day")) == ("1 day", "1,200 days")
