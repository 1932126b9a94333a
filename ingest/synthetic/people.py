"""How the police and the NHS write down who a child is: the same numbers in every extract of theirs.

Lives here: the columns that say whose a row is, for the police's and the NHS's local extracts, and drawing children and families.
Add here: another column of that kind, or another way of drawing children that two extracts share.
Must not live here: what happened to the child (extracts/), the people themselves (population.py).

The rows of PO01 and HE04 (agencies.py, others.py) use the same numbers, so a child is the same child in all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ingest.contract import Extract
from ingest.synthetic import calibration as cal
from ingest.synthetic.agencies import NHS_ETHNICITY, POLICE_ETHNICITY, british, chance, nominal
from ingest.synthetic.population import VISITOR, Array, Population
from ingest.synthetic.written import person

MINUTE: Final = np.timedelta64(1, "m")
#: What the extracts of this partnership cover: financial years 2023-24 to 2025-26.
FIRST, LAST = np.datetime64("2023-04-01"), np.datetime64("2026-03-31")
ADULT: Final = 6570  # days of age at which a child is treated as one no more, a few days short of 18 years

Columns = dict[str, Array]


def police_person(pop: Population, child: Array, rng: np.random.Generator, on: Array) -> Columns:
    """Who the child was to the police on the day: a second nominal now and then, ethnicity often blank, an NHS number mostly."""
    n = len(child)
    second = (chance(child, 31) < 0.06) & (rng.random(n) < 0.4)
    known = (chance(child + second * 7, 37) < cal.POLICE_HAS_NHS) & (rng.random(n) < 0.94)
    codes = pop.children["ethnicity"].map(POLICE_ETHNICITY).to_numpy()[child]
    who = person(pop, child, "police", on, second)
    return {
        "nominal_ref": nominal(child, second),
        "nhs_number": np.where(known, pop.nhs(child), ""),
        "forename": who.forename,
        "surname": who.surname,
        "birth_date": british(who.birth),
        "sex": who.sex,
        "ethnicity": np.where(rng.random(n) < 0.14, "", codes),
        "postcode": who.postcode,
        "home_la": home(pop, child, on),
    }


def nhs_person(pop: Population, child: Array, on: Array) -> Columns:
    """Who the child was to the NHS on the day."""
    who = person(pop, child, "health", on)
    return {
        "local_patient_id": patient(child),
        "nhs_number": np.where(chance(child, 83) < 0.985, pop.nhs(child), ""),
        "forename": who.forename,
        "surname": who.surname,
        "birth_date": british(who.birth),
        "sex": who.sex,
        "ethnicity": pop.children["ethnicity"].map(NHS_ETHNICITY).to_numpy()[child],
        "postcode": who.postcode,
        "home_la": home(pop, child, on),
    }


def patient(child: Array) -> Array:
    """The NHS's local number of a child, as in HE04."""
    return np.char.zfill((child + 1_000_000).astype(str), 9).astype(object)


def home(pop: Population, child: Array, on: Array) -> Array:
    """The home authority on the day as the police and the NHS code it; a few are not known."""
    area = pop.children["area"].to_numpy()[child]
    area = np.where(pop.children["moved"].to_numpy().astype("datetime64[D]")[child] <= on, 1 - area, area)
    out = np.array(["860", "861", "OTH"], dtype=object)[area]
    out[(area != VISITOR) & (chance(child, 103) < 0.012)] = "UNK"
    return out


def provider(pop: Population, child: Array, north: str, south: str) -> Array:
    """One of two providers by the council area, a few children crossing over."""
    area = pop.children["area"].to_numpy()[child]
    return np.where((area == 1) ^ (chance(child, 107) < 0.08), north, south).astype(object)


def laid_out(extract: Extract, table: str, columns: dict[str, Array], n: int) -> dict[str, Array]:
    """The columns in the contract's order, blank where nothing is given; then those that begin with "_"."""
    blank = np.full(n, "", dtype=object)
    fields = [f.name for f in extract.by_table[table].fields]
    unknown = [c for c in columns if c not in fields and not c.startswith("_")]
    if unknown:
        raise KeyError(f"{extract.key}.{table} has no {unknown}")
    return {f: columns.get(f, blank) for f in fields} | {
        c: v for c, v in columns.items() if c.startswith("_")
    }


def month_id(moment: Array) -> Array:
    """Month ids, "2025-04"."""
    return moment.astype("datetime64[M]").astype(str).astype(object)


def short_year(moment: Array) -> Array:
    """The last two digits of each year, as references carry them."""
    year = moment.astype("datetime64[Y]").astype(int) + 1970
    return np.char.zfill((year % 100).astype(str), 2).astype(object)


def days_between(rng: np.random.Generator, n: int) -> Array:
    """n days in order, spread evenly over the time that the extracts cover, so that no month of a small world is empty."""
    length = int((LAST - FIRST).astype(int)) + 1
    return FIRST + ((np.arange(n) + rng.random(n)) * length / n).astype(int).astype("timedelta64[D]")


def moments(rng: np.random.Generator, day: Array, evening: float = 0.5) -> Array:
    """A minute of each day; `evening` is the share that falls between 16:00 and midnight."""
    n = len(day)
    minute = np.where(rng.random(n) < evening, rng.integers(960, 1440, n), rng.integers(0, 1440, n))
    return day.astype("datetime64[m]") + minute * MINUTE


def chosen(
    pop: Population, rng: np.random.Generator, day: Array, ages: tuple[float, float], power: float = 1.0
) -> Array:
    """A child of one of the two areas for each day, of an age (in years) between the two, the more vulnerable the likelier."""
    born = pop.children["birth"].to_numpy().astype("datetime64[D]")
    weight = pop.children["vulnerable"].to_numpy() ** power + 0.01
    weight = np.where(pop.children["area"].to_numpy() == VISITOR, 0.0, weight)
    heap = np.cumsum(weight)
    child = np.full(len(day), -1, np.int64)
    left = np.arange(len(day))
    for _ in range(60):  # draw again those who were too young or too old that day
        pick = np.searchsorted(heap, rng.random(len(left)) * heap[-1], side="right")
        age = (day[left] - born[pick]).astype(int) / 365.25
        fits = (age >= ages[0]) & (age < min(ages[1], ADULT / 365.25)) & pop.lives(pick, day[left])
        child[left[fits]] = pick[fits]
        left = left[~fits]
        if not len(left):
            return child
    raise AssertionError("nobody of that age")


@dataclass(frozen=True)
class Families:
    """Where each family's children stand in the population: brothers and sisters stand together."""

    first: Array
    size: Array
    of_child: Array

    @classmethod
    def of(cls, pop: Population) -> Families:
        family = pop.children["family"].to_numpy()
        head = np.r_[True, family[1:] != family[:-1]]
        return cls(
            np.flatnonzero(head), np.diff(np.r_[np.flatnonzero(head), len(family)]), np.cumsum(head) - 1
        )

    def members(self, lead: Array) -> tuple[Array, Array]:
        """(position of the lead, child) for every child of each lead's family, the lead among them."""
        place = self.of_child[lead]
        number = self.size[place]
        row = np.repeat(np.arange(len(lead)), number)
        start = np.repeat(np.cumsum(number) - number, number)
        return row, self.first[place][row] + (np.arange(len(row)) - start)
