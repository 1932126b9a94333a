"""What a count about children may show, for any counts; and that a reader with a solver cannot work hidden ones back."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from publish.disclosure import CONFIDENTIAL, protect, published_bounds, shown_counts

PAIRS = st.lists(
    st.tuples(st.integers(0, 3000), st.integers(0, 3000)).map(lambda p: (min(p), max(p))),
    min_size=1,
    max_size=60,
)


def frame(pairs: list[tuple[int, int]], trust: str = "complete") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "numerator": [p[0] for p in pairs],
            "denominator": [p[1] for p in pairs],
            "trust": trust,
            "n_excluded": 3,
        }
    )


@given(PAIRS)
def test_no_count_of_1_to_7_is_shown_and_all_others_are_multiples_of_5(pairs):
    shown = protect(frame(pairs), True, False)
    for column in ("n", "d", "excluded"):
        seen = shown[column].dropna()
        assert ((seen == 0) | (seen >= 10)).all()
        assert (seen % 5 == 0).all()


@given(PAIRS)
def test_values_come_from_the_shown_parts_and_only_when_both_are_shown(pairs):
    shown = protect(frame(pairs), True, False)
    has = shown["value"].notna()
    assert (shown.loc[has, "n"].notna() & shown.loc[has, "d"].notna()).all()
    assert np.allclose(shown.loc[has, "value"], 100 * shown.loc[has, "n"] / shown.loc[has, "d"])
    assert (shown.loc[~has, "symbol"] != "").all()
    assert (shown.loc[has, "value"] <= 100).all()
    assert (shown.loc[has, "low"] <= shown.loc[has, "value"] + 1e-9).all()
    assert (shown.loc[has, "high"] >= shown.loc[has, "value"] - 1e-9).all()


@given(PAIRS)
def test_a_small_complement_or_a_small_denominator_hides_the_numerator(pairs):
    shown = protect(frame(pairs), True, False)
    for (n, d), (_, row) in zip(pairs, shown.iterrows(), strict=True):
        if 1 <= d - n <= 7 or 1 <= d <= 7:
            assert math.isnan(row["n"]) and math.isnan(row["value"]) and row["symbol"] == CONFIDENTIAL


@settings(max_examples=20)  # which columns there are does not hang on what is in them
@given(PAIRS)
def test_no_exact_column_survives(pairs):
    assert not {"numerator", "denominator", "ci_low", "ci_high", "n_excluded"} & set(
        protect(frame(pairs), True, False).columns
    )


@pytest.mark.parametrize(
    ("n", "d", "rate", "n_shown", "value", "symbol"),
    [
        (0, 100, False, 0, 0.0, ""),
        (7, 100, False, None, None, "c"),
        (8, 100, False, 10, 10.0, ""),
        (12, 100, False, 10, 10.0, ""),
        (13, 100, False, 15, 15.0, ""),
        (100, 100, False, 100, 100.0, ""),
        (95, 100, False, None, None, "c"),
        (0, 0, False, 0, None, "z"),
        (0, 6, False, None, None, "c"),
        (5137, 174_804, True, 5135, 10_000 * 5135 / 174_804, ""),
        (3, 174_804, True, None, None, "c"),
    ],
)
def test_one_cell(n, d, rate, n_shown, value, symbol):
    row = protect(frame([(n, d)]), True, rate).iloc[0]
    assert math.isnan(row["n"]) if n_shown is None else row["n"] == n_shown
    assert math.isnan(row["value"]) if value is None else row["value"] == pytest.approx(value)
    assert row["symbol"] == symbol


def test_open_counts_are_shown_as_they_are():
    row = protect(frame([(3, 7)]), False, False).iloc[0]
    assert (row["n"], row["d"], row["symbol"]) == (3, 7, "")


def test_a_figure_that_is_not_safe_to_use_is_not_shown():
    row = protect(frame([(300, 700)], trust="not_safe"), True, False).iloc[0]
    assert math.isnan(row["n"]) and math.isnan(row["d"]) and math.isnan(row["value"]) and row["symbol"] == "u"


def test_a_missing_part_is_not_a_zero():
    row = protect(frame([(3, 7)]).assign(numerator=np.nan), True, False).iloc[0]
    assert (row["symbol"], row["n_symbol"]) == ("x", "x")


# --- the attacker ------------------------------------------------------------------------------------------------


def margins(shape: tuple[int, ...]) -> np.ndarray:
    """Every cell that is published of a cube: each axis kept or summed away, as 0/1 rows over the base cells."""
    index = np.indices(shape).reshape(len(shape), -1)
    rows = []
    for keep in np.ndindex(*[2] * len(shape)):
        axes = [a for a, k in enumerate(keep) if k]
        for values in np.ndindex(*[shape[a] for a in axes]):
            rows.append(
                np.all([index[a] == v for a, v in zip(axes, values, strict=True)], axis=0)
                if axes
                else np.ones(index.shape[1], bool)
            )
    return np.array(rows, float)


def simulated(seed: int, shape: tuple[int, ...]) -> np.ndarray:
    """Two authorities of different size by age band by category, skewed as real ones are: some 650 children in all."""
    rng = np.random.default_rng(seed)
    weights = [rng.dirichlet(np.full(n, 1.5)) for n in shape]
    mean = 650 * np.einsum("i,j,k->ijk", *weights)
    return rng.poisson(mean).ravel().astype(float)


def interval(cell: np.ndarray, m: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[float, float]:
    a, b = np.vstack([m, -m]), np.concatenate([high, -low])
    least = linprog(cell, A_ub=a, b_ub=b, bounds=(0, None), method="highs")
    most = linprog(-cell, A_ub=a, b_ub=b, bounds=(0, None), method="highs")
    assert least.success and most.success, "the attacker's own system has no answer: the bounds are wrong"
    return math.ceil(least.fun - 1e-6), math.floor(-most.fun + 1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_a_linear_programming_attacker_recovers_no_hidden_cell(seed):
    shape = (2, 4, 5)
    truth = simulated(seed, shape)
    m = margins(shape)
    published = m @ truth
    shown, symbol = shown_counts(published)
    low, high = published_bounds(shown, symbol)
    hidden = np.flatnonzero(symbol == CONFIDENTIAL)
    assert len(hidden) > 5, "the simulation hides too little to test anything"
    for i in hidden:
        least, most = interval(m[i], m, low, high)
        assert least <= published[i] <= most, "the attacker is wrong, so it proves nothing"
        assert most > least, "a hidden cell was recovered exactly"


def test_the_attacker_does_break_hiding_without_rounding():
    """The same attacker against 1-to-5 hiding alone: it must win, or the test above shows nothing."""
    shape = (2, 4, 5)
    truth, m = simulated(1, shape), margins(shape)
    published = m @ truth
    small = (published > 0) & (published <= 5)
    low, high = np.where(small, 1, published), np.where(small, 5, published)
    broken = [i for i in np.flatnonzero(small) if len(set(interval(m[i], m, low, high))) == 1]
    assert len(broken) > 0.3 * small.sum()


@settings(max_examples=50)
@given(st.integers(0, 4000), st.integers(1, 5))
def test_a_late_change_of_one_to_five_children_is_never_exactly_visible(n, more):
    """What a reader can say of the change between two releases always spans more than one number."""
    shown, symbol = shown_counts([n, n + more])
    low, high = published_bounds(shown, symbol)
    assert high[1] - low[0] > max(0.0, low[1] - high[0]) or n == 0
