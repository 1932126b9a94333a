"""Disclosure control: what of a count about children may leave the partnership, in one place.

Lives here: the named constants of the board profile, and the vectorised functions that apply them.
Add here: a stricter profile.
Must not live here: which indicator or audience gets which profile (audiences.py); words, pages, files.

The board profile: 0 is shown as 0; counts 1 to 7 become `c`; every other count is rounded to the nearest 5; rates and
percentages are worked out from the ROUNDED parts; a value is hidden when its numerator or denominator is hidden.

Why rounding, and why each cell on its own. Hiding small cells alone does not work when two councils make one area: joint
minus council gives the other council back. In 30 simulated cubes (2 authorities x 5 age bands x 6 categories with all
margins published), hiding 1 to 5 alone let 83% of the hidden cells be recovered exactly from one release, and 95% of the
late changes of 1 to 5 children were exactly visible between two releases. Clever secondary hiding stopped the first but
left 90% of the second. Hiding 1 to 7 and rounding the rest to 5 left 0 of 1,178 recovered from one release, 1 of 1,178
from two, and no change of 1 to 5 children exactly visible. So every cell, the joint area and every total included, is
rounded independently: totals are never re-added from rounded parts and differences carry at least +/-4 of noise.

Why 7 and not 5: with a threshold of 5, a shown 5 could only be 6 or 7. With 7, the smallest shown count, 10, is 8 to 12.

Why complements: of a percentage, "995 of 1,000" tells as much about five children as "5 of 1,000" does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

#: Counts from 1 up to this are hidden.
LARGEST_HIDDEN = 7
#: Other counts are rounded to the nearest multiple of this.
ROUNDING_BASE = 5
#: A percentage or rate needs at least this many in its denominator.
SMALLEST_DENOMINATOR = LARGEST_HIDDEN + 1
#: Two-sided 95% interval.
Z95 = 1.959963984540054

CONFIDENTIAL = "c"
NOT_APPLICABLE = "z"
NOT_AVAILABLE = "x"
ROUNDS_TO_ZERO = "low"
UNRELIABLE = "u"

#: The DfE's symbols, in words. The legend of every page and the metadata of every table come from here.
SYMBOLS: dict[str, str] = {
    CONFIDENTIAL: "hidden to protect children: a count of 1 to 7, or a figure that would give one away",
    NOT_APPLICABLE: "not applicable: there was nothing to measure",
    NOT_AVAILABLE: "not available: the data were not received or do not exist",
    ROUNDS_TO_ZERO: "rounds to 0 but is not 0",
    UNRELIABLE: "not safe to use: the data behind it are not reliable enough",
    "k": "rounds to 0 but is not 0 (older published tables)",
}

PER_PERCENT = 100.0
PER_RATE = 10_000.0

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Profile:
    """How much of a count is shown. Two exist: children's counts are protected, open counts are not about children."""

    name: str
    largest_hidden: int
    rounding_base: int

    @property
    def protects(self) -> bool:
        return self.rounding_base > 1


BOARD = Profile("board", LARGEST_HIDDEN, ROUNDING_BASE)
OPEN = Profile("open counts", 0, 1)


def floats(values: object) -> Floats:
    """Counts as floats, missing as NaN, whatever column type they come in."""
    return np.asarray(pd.to_numeric(pd.Series(values), errors="coerce"), dtype=np.float64)  # pyright: ignore


def is_small(counts: Floats) -> Flags:
    """True for a count of 1 to 7 (anything above 0 and below 8)."""
    return (counts > 0) & (counts < SMALLEST_DENOMINATOR)


def round_to_base(counts: Floats, base: int = ROUNDING_BASE) -> Floats:
    """To the nearest multiple of the base; a tie goes up (none exists for whole counts and base 5)."""
    return np.floor(counts / base + 0.5) * base


def shown_counts(counts: object) -> tuple[Floats, npt.NDArray[np.object_]]:
    """Counts of children as the board may see them, and the symbol where nothing is seen."""
    raw = floats(counts)
    small = is_small(raw)
    shown = np.where(small | np.isnan(raw), np.nan, round_to_base(raw))
    symbol = np.where(small, CONFIDENTIAL, np.where(np.isnan(raw), NOT_AVAILABLE, "")).astype(object)
    return shown, symbol


def wilson(numerator: Floats, denominator: Floats) -> tuple[Floats, Floats]:
    """The 95% interval of a proportion, in percent (Wilson's score method)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        p, z2 = numerator / denominator, Z95**2
        centre = p + z2 / (2 * denominator)
        spread = Z95 * np.sqrt(p * (1 - p) / denominator + z2 / (4 * denominator**2))
        scale = 1 + z2 / denominator
        low, high = (centre - spread) / scale, (centre + spread) / scale
    return np.clip(low, 0, 1) * PER_PERCENT, np.clip(high, 0, 1) * PER_PERCENT


def byar(count: Floats, population: Floats) -> tuple[Floats, Floats]:
    """The 95% interval of a rate per 10,000 (Byar's method)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.where(count > 0, count * (1 - 1 / (9 * count) - Z95 / (3 * np.sqrt(count))) ** 3, 0.0)
        more = count + 1
        high = more * (1 - 1 / (9 * more) + Z95 / (3 * np.sqrt(more))) ** 3
        return low / population * PER_RATE, high / population * PER_RATE


def protect(values: pd.DataFrame, about_children: object, is_rate: object) -> pd.DataFrame:
    """Give indicator values their shown columns. The exact ones are removed, so nothing later can print them.

    Reads numerator, denominator, trust and, when there is one, n_excluded. `about_children` and `is_rate` are flags for
    each row. A rate's denominator is a published population and is shown as published; only its count is protected.
    Adds: n, n_symbol, d, d_symbol, value, symbol, low, high, excluded, excluded_symbol.
    """
    numerator, denominator = floats(values["numerator"]), floats(values["denominator"])
    child = np.asarray(about_children, dtype=bool)
    rate = np.asarray(is_rate, dtype=bool)
    percent = ~rate

    n, n_symbol = shown_counts(numerator)
    d, d_symbol = shown_counts(denominator)
    n, d = np.where(child, n, numerator), np.where(child & percent, d, denominator)
    n_symbol = np.where(child, n_symbol, np.where(np.isnan(numerator), NOT_AVAILABLE, ""))
    d_symbol = np.where(child & percent, d_symbol, np.where(np.isnan(denominator), NOT_AVAILABLE, ""))

    # A small complement or a small denominator hides the numerator too: all but five, or one of six.
    told = child & percent & (is_small(denominator - numerator) | is_small(denominator))
    told &= ~np.isnan(n)
    n, n_symbol = np.where(told, np.nan, n), np.where(told, CONFIDENTIAL, n_symbol)

    nothing = denominator == 0
    hidden = (n_symbol == CONFIDENTIAL) | (d_symbol == CONFIDENTIAL)
    absent = np.isnan(numerator) | np.isnan(denominator)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(hidden | absent | nothing, np.nan, n / d * np.where(rate, PER_RATE, PER_PERCENT))
    low_p, high_p = wilson(n, d)
    low_r, high_r = byar(n, d)
    symbol = np.select([absent, nothing, hidden], [NOT_AVAILABLE, NOT_APPLICABLE, CONFIDENTIAL], "").astype(
        object
    )

    unsafe = np.asarray(values["trust"] == "not_safe", dtype=bool)
    blank = unsafe | (symbol != "")
    out = values.drop(columns=[c for c in EXACT if c in values])
    out["n"], out["n_symbol"] = np.where(unsafe, np.nan, n), np.where(unsafe, UNRELIABLE, n_symbol)
    out["d"], out["d_symbol"] = (
        np.where(unsafe & percent, np.nan, d),
        np.where(unsafe & percent, UNRELIABLE, d_symbol),
    )
    out["value"], out["symbol"] = np.where(blank, np.nan, value), np.where(unsafe, UNRELIABLE, symbol)
    out["low"] = np.where(blank, np.nan, np.where(rate, low_r, low_p))
    out["high"] = np.where(blank, np.nan, np.where(rate, high_r, high_p))
    excluded, excluded_symbol = shown_counts(
        values["n_excluded"] if "n_excluded" in values else np.zeros(len(values))
    )
    out["excluded"], out["excluded_symbol"] = excluded, excluded_symbol
    return out


def shown_share(part: object, whole: object) -> pd.DataFrame:
    """A share of pairs of records of INVENTED children: n, n_symbol, d, d_symbol, value, symbol, low, high.

    Counts are hidden and rounded like any others, and a share of too few is hidden. But the share is worked out from the
    exact counts, and a small complement hides nothing: what is left of 100% are mistakes of linkage, not children, and
    "3 wrong of 60,078" must not be rounded to none. It can be used only where the truth is known, which is of no real child.
    """
    (n, n_symbol), (d, d_symbol) = shown_counts(part), shown_counts(whole)
    exact_n, exact_d = floats(part), floats(whole)
    symbol = np.select(
        [d_symbol == NOT_AVAILABLE, d == 0, d_symbol != ""], [NOT_AVAILABLE, NOT_APPLICABLE, CONFIDENTIAL], ""
    ).astype(object)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(symbol != "", np.nan, exact_n / exact_d * PER_PERCENT)
    low, high = (np.where(symbol != "", np.nan, side) for side in wilson(exact_n, exact_d))
    return pd.DataFrame(
        {"n": n, "n_symbol": n_symbol, "d": d, "d_symbol": d_symbol, "value": value, "symbol": symbol, "low": low, "high": high}
    )  # fmt: skip


#: Columns of the framework's values that never leave this module.
EXACT = ("numerator", "denominator", "value", "ci_low", "ci_high", "n_excluded")


def published_bounds(shown: Floats, symbol: object) -> tuple[Floats, Floats]:
    """What a reader who knows the rules can say of each count: used by the attacker in the tests, not by the report."""
    marks = np.asarray(symbol, dtype=object)
    half = ROUNDING_BASE // 2
    hidden = marks == CONFIDENTIAL
    low = np.where(hidden, 1.0, np.where(shown == 0, 0.0, np.maximum(shown - half, SMALLEST_DENOMINATOR)))
    high = np.where(hidden, float(LARGEST_HIDDEN), np.where(shown == 0, 0.0, shown + half))
    return low, high
