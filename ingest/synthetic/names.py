"""The true names of the invented children: forename, middle name, surname, and the surname that some bear later.

Lives here: drawing names for a whole population: by sex and broad background, by family, distinct among brothers and sisters; twins
with names that are easily confused; brothers and sisters of one name.
Add here: another background in `BACKGROUNDS` with its rows in names.csv; another pair of twins' names.
Must not live here: how an agency writes a name down (written.py).

names.csv holds the names by background in order of how common they are. Sources: lists of the package Faker 40.63.0 (MIT licence;
locales en_GB, en_IE, en_NZ, en_IN, en_PK, pl_PL, ro_RO, en_NG, yo_NG, ig_NG, tw_GH, pt_PT) and hand lists. Shares and the fall of frequency by rank
are synthetic: nobody's figures, chosen so that a few names are common and most are rare, as in any real list.
"""

from __future__ import annotations

import csv
import zlib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

Array: TypeAlias = npt.NDArray[Any]

#: Background of a family by its ethnicity (DfE codes), with weights.
BACKGROUNDS: Final = {
    "WBRI": {"british": 1}, "WIRI": {"british": 1}, "WIRT": {"british": 1}, "WROM": {"romanian": 7, "british": 3},
    "WOTH": {"polish": 50, "romanian": 25, "british": 20, "other": 5}, "MWBC": {"british": 9, "african": 1},
    "MWBA": {"british": 6, "african": 4}, "MWAS": {"british": 5, "muslim": 4, "indian": 1}, "MOTH": {"british": 8, "other": 2},
    "AIND": {"indian": 85, "muslim": 15}, "APKN": {"muslim": 1}, "ABAN": {"muslim": 1},
    "AOTH": {"muslim": 50, "indian": 25, "other": 25}, "CHNE": {"chinese": 1}, "BCRB": {"british": 95, "african": 5},
    "BAFR": {"african": 75, "muslim": 20, "british": 5}, "BOTH": {"african": 60, "british": 40}, "OOTH": {"other": 50, "muslim": 50},
    "REFU": {"british": 1}, "NOBT": {"british": 9, "muslim": 1},
}  # fmt: skip
GROUPS: Final = ("british", "muslim", "indian", "african", "polish", "romanian", "chinese", "other")
#: Share of children whose forename is of the family's background; the others have a British one.
OWN_FORENAME: Final = {"muslim": 0.97, "indian": 0.9, "african": 0.7, "polish": 0.85, "romanian": 0.9, "chinese": 0.6, "other": 0.8}  # fmt: skip
#: The r-th name of a list is drawn with weight 1 / (r + offset) ** slope.
FALL: Final = {"forename": (12.0, 1.0), "surname": (7.0, 0.86)}
#: Families with a double-barrelled surname; children who bear another surname than the family; with a middle name; whose name changes.
DOUBLE, STEP, MIDDLE, CHANGE = 0.04, 0.15, 0.62, 0.02
#: Of twins: share with names of `TWINS`, and with one initial besides.
ALIKE, ONE_INITIAL = 0.3, 0.25
#: Brothers and sisters of one name, as a share of all children; at least so many pairs in any world.
ONE_NAME, ONE_NAME_LEAST = 0.0003, 4
CHANGES_FROM, CHANGES_DAYS = np.datetime64("2023-04-01"), 1095
#: Names of twins that are easily confused: (sex, sex): background -> pairs. Two names, not two spellings of one: no parents do that.
TWINS: Final = {
    "FF": {
        "british": ("Mia Mya", "Ellie Elsie", "Ava Eva", "Amelia Emilia", "Isla Isabella", "Libby Lilly"),
        "muslim": ("Aisha Alisha", "Zara Zahra", "Hana Haniya", "Hafsa Hiba"),
        "indian": ("Aarna Aarini", "Siya Suhani"),
    },
    "MM": {
        "british": ("Jayden Hayden", "Jake Jack", "Harry Harley", "Kian Kieran", "Leo Leon", "Elliot Ellis", "Corey Cody"),
        "muslim": ("Hassan Hussain", "Muhammad Mustafa", "Ayaan Ayan", "Umar Usman", "Hamza Haroon"),
        "indian": ("Aarav Aarnav", "Rohan Rudra"),
    },
    "FM": {
        "british": ("Ellie Elliot", "Alexandra Alexander", "Josephine Joseph", "Harriet Harry", "Daniella Daniel", "Georgia George"),
        "muslim": ("Amira Amir", "Hana Hasnain", "Saima Saad"),
        "indian": ("Aadhya Aadi",),
    },
}  # fmt: skip


def fate(key: Array, name: str) -> Array:
    """A number in [0, 1) for each key, which is the key's for good and has nothing to do with that of another name."""
    mixed = key.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed += np.uint64((zlib.crc32(name.encode()) + 1) * 0xD1B54A32D192ED03 & 0xFFFF_FFFF_FFFF_FFFF)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed ^= mixed >> np.uint64(shift)
        mixed *= np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(float) / float(1 << 53)


@lru_cache(maxsize=1)
def listed() -> dict[tuple[str, str, str], Array]:
    """(background, forename or surname, sex) -> names, the commonest first."""
    out: dict[tuple[str, str, str], list[str]] = {}
    text = resources.files("ingest.synthetic").joinpath("names.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        out.setdefault((row["group"], row["part"], row["sex"]), []).append(row["name"])
    return {place: np.array(names, dtype=object) for place, names in out.items()}


@lru_cache(maxsize=64)
def _heap(group: str, part: str, sex: str) -> Array:
    """How likely a name of the list or one before it is drawn."""
    offset, slope = FALL[part]
    weight = 1.0 / (np.arange(1, len(listed()[group, part, sex]) + 1) + offset) ** slope
    return np.cumsum(weight) / weight.sum()


def _pick(part: str, sex: Array, group: Array, luck: Array) -> Array:
    """A name for each child, by sex (blank for surnames) and background."""
    out = np.empty(len(luck), dtype=object)
    for g, name in enumerate(GROUPS):
        for s in ("F", "M") if part == "forename" else ("",):
            here = np.flatnonzero((group == g) & (sex == s))
            heap = _heap(name, part, s)
            at = np.minimum(np.searchsorted(heap, luck[here], side="right"), len(heap) - 1)
            out[here] = listed()[name, part, s][at]
    return out


@dataclass(frozen=True)
class Names:
    """One entry a child of the population."""

    forename: Array
    middle: Array  # "" for none
    surname: Array
    later: Array  # the surname from `changed` on
    changed: Array  # datetime64[D], NaT for most
    lead: Array  # the first child of the same birth: twins have one, others are their own
    one_name: Array  # True for brothers and sisters who share forename and surname


def draw_names(children: pd.DataFrame) -> Names:
    """The names of a population whose families stand together, the oldest first."""
    n = len(children)
    child = np.arange(n)
    family = children["family"].to_numpy().astype(np.int64)
    birth = children["birth"].to_numpy().astype("datetime64[D]")
    sex = children["sex"].to_numpy(object)
    origin = children["origin"].to_numpy()
    with_before = np.r_[False, family[1:] == family[:-1]]
    twin = with_before & np.r_[False, birth[1:] == birth[:-1]]
    lead = np.maximum.accumulate(np.where(twin, 0, child))
    group = _group(children["ethnicity"].to_numpy(object), fate(family, "background"))
    own, other = _surnames(family, group)
    stepped = fate(lead, "step") < STEP
    surname = np.where(stepped, other, own).astype(object)
    later = np.where(stepped, own, other).astype(object)
    when = CHANGES_FROM + (fate(lead, "change day") * CHANGES_DAYS).astype("timedelta64[D]")
    changes = (fate(lead, "change") < CHANGE) & (own != other) & (origin < 0)
    share = np.array([OWN_FORENAME.get(g, 1.0) for g in GROUPS])[group]
    mine = np.where(fate(child, "own forename") < share, group, 0)
    forename = _forenames(child, family, sex, mine, origin)
    _twins(forename, child, sex, group, twin & (lead == child - 1))
    again = _one_name(children, with_before & ~twin & (origin < 0), family, birth, sex)
    forename[again], surname[again] = forename[again - 1], surname[again - 1]
    one_name = np.zeros(n, bool)
    one_name[again] = one_name[again - 1] = True
    changes &= ~one_name
    middle = _pick("forename", sex, mine, fate(child, "middle"))
    middle[(fate(child, "has middle") >= MIDDLE) | (middle == forename)] = ""
    changed = np.where(changes, when, np.datetime64("NaT"))
    return Names(forename, middle, surname, np.where(changes, later, surname), changed, lead, one_name)


def _group(ethnicity: Array, luck: Array) -> Array:
    """The background of each child's family, as a position in GROUPS."""
    out = np.zeros(len(luck), np.int64)
    for code, weights in BACKGROUNDS.items():
        here = np.flatnonzero(ethnicity == code)
        heap = np.cumsum(list(weights.values())) / sum(weights.values())
        at = np.searchsorted(heap, luck[here], side="right")
        out[here] = np.array([GROUPS.index(g) for g in weights])[np.minimum(at, len(heap) - 1)]
    return out


def _surnames(family: Array, group: Array) -> tuple[Array, Array]:
    """(the family's surname, the surname of the other parent), some of them double-barrelled."""
    blank = np.full(len(family), "", dtype=object)
    own, other = (_pick("surname", blank, group, fate(family, name)) for name in ("surname", "other surname"))
    for names, name in ((own, "double"), (other, "other double")):
        second = _pick("surname", blank, group, fate(family, f"{name} part"))
        both = np.flatnonzero(
            (fate(family, name) < np.where(group == 0, DOUBLE * 1.1, DOUBLE / 2)) & (second != names)
        )
        both = both[
            [("-" not in a) and ("-" not in b) for a, b in zip(names[both], second[both], strict=True)]
        ]
        names[both] = names[both] + "-" + second[both]
    return own, other


def _forenames(child: Array, family: Array, sex: Array, group: Array, origin: Array) -> Array:
    """A forename a child, distinct in the family; most adopted children keep theirs."""
    out = _pick("forename", sex, group, fate(child, "forename"))
    kept = np.flatnonzero((origin >= 0) & (fate(child, "kept") < 0.7))
    out[kept] = out[origin[kept]]
    for turn in range(40):
        twice = np.flatnonzero(pd.DataFrame({"family": family, "name": out}).duplicated().to_numpy())
        if not len(twice):
            return out
        out[twice] = _pick("forename", sex[twice], group[twice], fate(child[twice], f"forename {turn}"))
    raise AssertionError("brothers and sisters of one name")


def _twins(forename: Array, child: Array, sex: Array, group: Array, second: Array) -> None:
    """Some twins' names look alike, some begin with one letter."""
    luck = fate(child, "twins")
    alike = second & (luck < ALIKE)
    sexes = np.where(sex == np.roll(sex, 1), np.where(sex == "F", "FF", "MM"), "FM")
    for kind, by_group in TWINS.items():
        for name, pairs in by_group.items():
            here = np.flatnonzero(alike & (sexes == kind) & (group == GROUPS.index(name)))
            pair = np.array([p.split() for p in pairs], dtype=object)
            chosen = pair[(fate(here, "pair") * len(pair)).astype(int)]
            # Of a girl and a boy the girl's name stands first.
            turned = (kind == "FM") & (sex[here] == "F")
            forename[here] = np.where(turned, chosen[:, 0], chosen[:, 1])
            forename[here - 1] = np.where(turned, chosen[:, 1], chosen[:, 0])
    left = np.flatnonzero(second & (luck >= ALIKE) & (luck < ALIKE + ONE_INITIAL))
    for turn in range(60):
        if not len(left):
            return
        tried = _pick("forename", sex[left], group[left], fate(left, f"initial {turn}"))
        first = forename[left - 1]
        fits = np.array([a[0] == b[0] and a != b for a, b in zip(tried, first, strict=True)], dtype=bool)
        forename[left[fits]] = tried[fits]
        left = left[~fits]


def _one_name(children: pd.DataFrame, after: Array, family: Array, birth: Array, sex: Array) -> Array:
    """The younger ones of pairs of brothers or sisters with one name, a year or more apart, more of them where trouble is."""
    fits = after & np.r_[False, sex[1:] == sex[:-1]] & np.r_[False, np.diff(birth).astype(int) >= 366]
    # One pair a family, and none with twins in it.
    fits &= ~np.isin(
        family, family[np.flatnonzero(np.r_[False, (family[1:] == family[:-1]) & (birth[1:] == birth[:-1])])]
    )
    index = np.flatnonzero(fits)
    index = index[np.r_[True, family[index][1:] != family[index][:-1]]] if len(index) else index
    trouble = children["vulnerable"].to_numpy()[index] + 0.01
    number = min(max(round((children["origin"] < 0).sum() * ONE_NAME), ONE_NAME_LEAST), len(index))
    order = np.argsort(-np.log(fate(index, "one name") + 1e-12) / trouble, kind="stable")
    return np.sort(index[order[:number]])
