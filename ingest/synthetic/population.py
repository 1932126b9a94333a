"""The invented people: children in families, with every identifier that an agency might hold.

Lives here: drawing the population and its identifiers, and the valid check digits of NHS numbers and UPNs.
Add here: another attribute of a person.
Must not live here: what happens to people (careers.py), their names (names.py), how an agency writes them down (written.py).
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
import pandas as pd

from ingest.synthetic import calibration as cal
from ingest.synthetic.names import Array, Names, draw_names, fate

VISITOR: Final = 2  # area of a child whose home is elsewhere
BORN_FROM: Final = np.datetime64("2001-04-01")
BORN_TO: Final = np.datetime64("2026-12-31")
MID_2024: Final = np.datetime64("2024-06-30")

DISTRICTS: Final = (
    (
        "ST14",
        "ST15",
        "ST16",
        "ST17",
        "ST18",
        "ST19",
        "ST20",
        "ST21",
        "WS7",
        "WS11",
        "WS13",
        "WS15",
        "DE13",
        "DE14",
        "B77",
        "B78",
        "B79",
        "ST5",
        "ST7",
        "ST13",
    ),
    ("ST1", "ST2", "ST3", "ST4", "ST6", "ST8"),
    ("M14", "B21", "WV1", "DE23", "CW1"),
)
#: Sixteen letters for each of the last two places: about as many postcodes as the area has.
POSTCODE_LETTERS: Final = np.array(list("ABDEFGHJLNPQRSTU"), dtype=object)
UPN_LETTERS: Final = np.array(list("ABCDEFGHJKLMNPQRTUVWXYZ"))


def stream(seed: int, size: float, name: str) -> np.random.Generator:
    """Independent random numbers for one named part, so that a change in one part leaves the others as they were."""
    return np.random.default_rng([seed, round(size * 1_000_000), zlib.crc32(name.encode())])


def draw(rng: np.random.Generator, weights: Mapping[str, float], n: int) -> Array:
    """n codes drawn with the given weights, as an object array of strings."""
    codes = np.array(list(weights), dtype=object)
    share = np.array(list(weights.values()), dtype=float)
    return codes[rng.choice(len(codes), n, p=share / share.sum())]


def nhs_numbers(serial: Array) -> Array:
    """Valid NHS numbers of the 999 range, which is never issued, one for each serial from 0; distinct up to 900,000."""
    valid, check = _nhs_stock()
    # A stride that shares no factor with the count spreads neighbours out: a typing slip is not another person's number.
    stride = 400_009
    while np.gcd(stride, len(valid)) != 1:
        stride += 2
    chosen = valid[(serial * stride) % len(valid)]
    return 9_990_000_000 + chosen * 10 + check[chosen]


@lru_cache(maxsize=1)
def _nhs_stock() -> tuple[Array, Array]:
    """Serials of the 999 range that have a check digit, and the check digits of all."""
    base = np.arange(1_000_000, dtype=np.int64)
    digits = np.stack([9 * np.ones_like(base)] * 3 + [(base // 10**p) % 10 for p in range(5, -1, -1)])
    check = (11 - (digits * np.arange(10, 1, -1)[:, None]).sum(0) % 11) % 11
    check %= 11
    return np.flatnonzero(check != 10), check


def upns(authority: Array, serial: Array, birth_year: Array, temporary: Array) -> Array:
    """Valid UPNs: check letter, authority, school, year of entry, serial; a temporary one ends in a letter."""
    school, entry, number = 9000 + serial // 1000, (birth_year + 5) % 100, serial % 1000
    whole = ((authority * 10_000 + school) * 100 + entry) * 1000 + number
    digits = np.stack([(whole // 10**p) % 10 for p in range(11, -1, -1)])
    # A temporary number's last letter stands for its place in the alphabet of check letters.
    letter = UPN_LETTERS[digits[-1]]
    check = UPN_LETTERS[(digits * np.arange(2, 14)[:, None]).sum(0) % 23]
    text = whole.astype(str).astype(object)
    last = np.where(temporary, letter, digits[-1].astype(str)).astype(object)
    return check.astype(object) + np.array([t[:11] for t in text], dtype=object) + last


@dataclass(frozen=True)
class Population:
    """The children, one row each, indexed from 0. Names and postcodes are made only for those that a file names."""

    size: float
    seed: int
    # area, family, birth, sex, ethnicity, vulnerable, disabled; of an identity that begins or ends (hard_cases.py): since, until,
    # origin (who it was before, or -1); moved (the day on which a child came to the other council's area)
    children: pd.DataFrame

    def rng(self, name: str) -> np.random.Generator:
        return stream(self.seed, self.size, name)

    def count(self, figure: float, least: int = 0) -> int:
        """A figure of the true area, scaled to this population."""
        return max(round(figure * self.size), least)

    def birth(self, child: Array) -> Array:
        return self.children["birth"].to_numpy()[child].astype("datetime64[D]")

    def nhs(self, child: Array) -> Array:
        return nhs_numbers(child.astype(np.int64)).astype(str).astype(object)

    def upn(self, child: Array) -> Array:
        area = self.children["area"].to_numpy()[child]
        authority = np.where(area == 1, 861, 860)
        return upns(authority, child.astype(np.int64) % 1_000_000, years(self.birth(child)), child % 61 == 0)

    @cached_property
    def names(self) -> Names:
        """The true names of everybody."""
        return draw_names(self.children)

    def forename(self, child: Array) -> Array:
        return self.names.forename[child]

    def surname(self, child: Array) -> Array:
        """The surname at first; a few bear another one later."""
        return self.names.surname[child]

    def postcode(self, child: Array, home: Array | int = 0) -> Array:
        """The postcode of a home of the child's family; from 8 on, homes lie in the other council's area."""
        family, area = self.children["family"].to_numpy()[child], self.children["area"].to_numpy()[child]
        home = np.broadcast_to(np.asarray(home), child.shape)
        area = np.where((home >= 8) & (area != VISITOR), 1 - area, area)
        key = family.astype(np.int64) * 16 + home
        out = np.empty(len(child), dtype=object)
        for a, districts in enumerate(DISTRICTS):
            here = np.flatnonzero(area == a)
            k = key[here]
            district = (fate(k, "district") * len(districts)).astype(int)
            sector = (district * 3 + (fate(k, "sector") * 5).astype(int)) % 10
            first, last = ((fate(k, part) * 16).astype(int) for part in ("unit", "unit's end"))
            out[here] = (
                np.array(districts, dtype=object)[district]
                + " "
                + sector.astype(str).astype(object)
                + POSTCODE_LETTERS[first]
                + POSTCODE_LETTERS[last]
            )
        return out

    def lives(self, child: Array, on: Array | np.datetime64) -> Array:
        """True where the child goes by this identity on the day: adopted children have one before and another one after."""
        since, until = (
            self.children[c].to_numpy().astype("datetime64[D]")[child] for c in ("since", "until")
        )
        return ~((since > on) | (until <= on))


def years(dates: Array) -> Array:
    """The calendar year of each date."""
    return dates.astype("datetime64[Y]").astype(np.int64) + 1970


def _families(rng: np.random.Generator, target: int) -> tuple[Array, Array]:
    """(family, birth) of children, so that exactly `target` of them are aged 0 to 17 in the middle of 2024."""
    count = int(target * 1.05) + 60
    sizes = rng.choice(np.arange(1, 6), count, p=[0.42, 0.38, 0.14, 0.045, 0.015])
    family = np.repeat(np.arange(count), sizes)
    first = np.r_[True, family[1:] != family[:-1]]
    span = int((BORN_TO - BORN_FROM).astype(int))
    twin = rng.random(len(family)) < 0.016
    gap = np.where(twin, 0, 330 + rng.gamma(2.0, 350.0, len(family)).astype(int))
    start = rng.integers(-3000, span, count)[family]
    steps = np.cumsum(np.where(first, 0, gap))
    birth = BORN_FROM + (start + steps - np.repeat(steps[first], sizes)).astype("timedelta64[D]")
    inside = (birth >= BORN_FROM) & (birth <= BORN_TO)
    family, birth = family[inside], birth[inside]
    child_now = (birth <= MID_2024) & (birth > np.datetime64("2006-06-30"))
    cut = int(np.searchsorted(np.cumsum(child_now), target, side="left")) + 1
    if child_now[:cut].sum() != target:
        raise AssertionError("too few families were drawn")
    return family[:cut], birth[:cut]


def make(size: float, seed: int) -> Population:
    """The population of both areas and a few children whose homes are elsewhere."""
    rng = stream(seed, size, "population")
    parts: list[pd.DataFrame] = []
    base = 0
    for area in (0, 1, VISITOR):
        target = round(cal.POPULATION[2024][area] * size) if area != VISITOR else max(round(800 * size), 12)
        family, birth = _families(rng, target)
        shares = cal.ETHNICITY[min(area, 1)]
        kinds = int(family.max()) + 1
        of_family = draw(rng, shares, kinds)
        parts.append(
            pd.DataFrame(
                {
                    "area": area,
                    "family": family + base,
                    "birth": birth.astype("datetime64[s]"),
                    "sex": np.where(rng.random(len(family)) < 0.487, "F", "M").astype(object),
                    "ethnicity": of_family[family],
                    "vulnerable": rng.gamma(0.6, 1.0, kinds)[
                        family
                    ],  # trouble runs in families: siblings are referred together
                    "disabled": rng.random(len(family)) < 0.06,
                }
            )
        )
        base += kinds
    children = pd.concat(parts, ignore_index=True)
    never = np.datetime64("NaT", "s")
    return Population(size, seed, children.assign(since=never, until=never, origin=-1, moved=never))
