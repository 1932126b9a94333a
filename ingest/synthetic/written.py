"""How each agency writes a child down: names, birth date, sex and postcode as they stand in its files.

Lives here: what goes wrong between a child and an agency's record of it, and how often; and where a family lives when.
Add here: another way in which records of one child differ.
Must not live here: the true names (names.py), single wrong cells of a file (defects.py).

A difference belongs to a record (a child at an agency, and the police's second record of it), so it is the same in every file, unless
it changes with time: agencies hear of a new surname or a new home at different times. Every rate below is ours and synthetic; no
figure is published. The councils' birth dates are true, apart from what agencies.recorded_birth does.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import pandas as pd

from ingest.synthetic.names import fate
from ingest.synthetic.population import Array, Population

#: Shares of records, unless it says otherwise.
SPELLING: Final = {"forename": 0.02, "surname": 0.005}  # another spelling, a transliteration among them
SLIP: Final = 0.0075  # a typing slip in the forename, and as many in the surname
TURNED: Final = 0.004  # forename and surname in each other's place
BARE: Final = 0.35  # of names with accents: written without
HYPHEN: Final = (
    0.15,
    0.03,
    0.15,
    0.15,
)  # of double-barrelled surnames: a blank, nothing, first half, second half
DAY_AND_MONTH, DAY_SLIP, WRONG_YEAR = 0.007, 0.004, 0.001  # of birth dates
SWAPPABLE: Final = 132 / 365  # days of the year that give another day when day and month change places
NO_SEX: Final = 0.01  # half of them blank, half U


@dataclass(frozen=True)
class Habit:
    """How one agency differs from the others."""

    nickname: float
    middle: float  # the middle name stands behind the forename
    upper: float
    trailing: float  # a blank behind the surname
    birth: bool  # birth dates are typed in, not taken over
    new_year: float  # 01/01 of the birth year as a stand-in
    stand_in: float  # 01/01/1900
    hears: float  # mean days until it hears of a new surname or home
    encoding: str = "utf-8"


HABITS: Final = {
    "police": Habit(0.05, 0.05, 0.3, 0.02, True, 0.007, 0.0005, 200, "cp1252"),
    "health": Habit(0.012, 0.03, 0.05, 0.01, True, 0.0, 0.0, 60),
    "school": Habit(0.03, 0.02, 0.0, 0.005, True, 0.0, 0.0, 45),
    "council": Habit(0.02, 0.01, 0.0, 0.0, False, 0.0, 0.0, 30),
}
#: Names that are spelt in several ways.
SPELLINGS: Final = tuple(
    tuple(line.split())
    for line in """
    Muhammad Mohammed Mohammad Mohamed Muhammed
    Aisha Ayesha Aysha Aishah
    Yusuf Yousef Yousuf Yusef
    Fatima Fatimah Fathima
    Ahmed Ahmad Ahmet
    Hussain Hussein Husain
    Hassan Hasan
    Ibrahim Ebrahim
    Abdullah Abdallah
    Maryam Mariam Miriam
    Zainab Zaynab Zeinab
    Umar Omar
    Usman Uthman Osman
    Musa Moosa
    Isa Eesa
    Ayaan Ayan
    Hamza Hamzah
    Khadija Khadijah
    Haroon Harun
    Rehman Rahman
    Chaudhry Choudhury Chowdhury
    Sheikh Shaikh
    Siddique Siddiqui
    Begum Begam
    Qureshi Quraishi
    Kaur Kour
    Zoë Zoe Zoey
    Chloë Chloe Khloe
    Siân Sian
    Renée Renee
    Inês Ines Inez
    Søren Soren
    Sophie Sofie
    Sophia Sofia
    Isabelle Isabel Isobel
    Katherine Catherine Kathryn
    Stephen Steven
    Jonathan Jonathon
    Philip Phillip
    Nicholas Nicolas
    Elliot Elliott
    Louis Lewis
    Callum Calum
    Connor Conor
    Niamh Neve
    Caitlin Kaitlyn
    Lily Lilly
    Abigail Abbigail
    Erin Eryn
    Zachary Zachery
    Jackson Jaxon
    Aleksander Alexander
    Wiktoria Victoria
    Michał Michal Michael
    Łukasz Lukasz
    Ștefan Stefan
    Müller Mueller Muller
    O'Connor OConnor
    O'Neill ONeill O'Neil
    Clarke Clark
    Davies Davis
    Taylor Tayler
    Johnson Johnston
    Thompson Thomson
    Reid Read Reed
    Philips Phillips
    Stewart Stuart
    Smith Smyth
    Li Lee
    Zhang Cheung
    """.strip().splitlines()
)
#: Given name -> what it is called for short.
NICKNAMES: Final = {
    line.split()[0]: tuple(line.split()[1:])
    for line in """
    Alexander Alex Xander
    Alexandra Alex Lexi
    Abigail Abi Abbie
    Amelia Millie Amy
    Andrew Andy Drew
    Anthony Tony Ant
    Arthur Art Artie
    Benjamin Ben Benji
    Bethany Beth
    Bradley Brad
    Cameron Cam
    Caitlin Cait
    Catherine Cath Kate
    Charlotte Lottie Charley
    Christopher Chris
    Daniel Dan Danny
    Daniella Dani
    David Dave Davey
    Dominic Dom
    Edward Ed Ted
    Eleanor Ellie Nell
    Elizabeth Lizzie Beth
    Emily Em Emmy
    Evelyn Evie
    Florence Flo Flossie
    Francesca Fran Frankie
    Frederick Fred Freddie
    Gabriel Gabe
    Gabriella Gabby
    Georgia Georgie
    George Georgie
    Harrison Harry
    Harriet Hattie
    Henry Harry
    Isabella Bella Izzy
    Isabelle Izzy Belle
    Isabel Izzy
    Jacob Jake
    Jackson Jack
    James Jamie Jim
    Jessica Jess Jessie
    Jonathan Jon Jonny
    Joseph Joe Joey
    Joshua Josh
    Josephine Josie
    Katherine Kate Katie
    Lauren Loz
    Leonardo Leo
    Lewis Lew
    Lucas Luke
    Lucy Lu
    Madison Maddie
    Margaret Maggie Peggy
    Matilda Tilly Tilda
    Matthew Matt Matty
    Megan Meg
    Michael Mike Mikey
    Millie Mill
    Mohammed Mo
    Muhammad Mo
    Mohammad Mo
    Nathan Nate
    Nathaniel Nate Nathan
    Nicholas Nick Nicky
    Nicole Nicky
    Oliver Ollie Olly
    Olivia Liv Livvy
    Oscar Oz
    Patrick Paddy Pat
    Penelope Penny
    Philip Phil
    Phoebe Pheebs
    Poppy Pops
    Rebecca Becky Becca
    Richard Rich Ricky
    Robert Rob Bobby
    Samuel Sam Sammy
    Scarlett Scar
    Sebastian Seb
    Sophia Soph
    Sophie Soph
    Stephen Steve
    Steven Steve
    Tabitha Tabby
    Theodore Theo Teddy
    Thomas Tom Tommy
    Victoria Vicky Tori
    Vincent Vinnie
    William Will Billy
    Zachary Zac Zach
    Ibrahim Ibby
    Abdullah Abdul
    Fatima Fati
    Zuzanna Zuza
    Aleksandra Ola
    Katarzyna Kasia
    Małgorzata Gosia
    Jakub Kuba
    Emmanuel Manny
    Chukwuemeka Emeka
    """.strip().splitlines()
}


@dataclass(frozen=True)
class Written:
    """What an agency's rows say of who the child is. Birth is datetime64[D]."""

    forename: Array
    surname: Array
    birth: Array
    sex: Array
    postcode: Array


def person(
    pop: Population, child: Array, agency: str, on: Array | np.datetime64, second: Array | bool = False
) -> Written:
    """Each child as the agency had it on the day. `second` is the record that the police opened by mistake."""
    on = np.broadcast_to(np.asarray(on).astype("datetime64[D]"), child.shape)
    key, place = np.unique(
        child.astype(np.int64) * 2 + np.asarray(second, dtype=np.int64), return_inverse=True
    )
    place = place.ravel()
    records = _Records(pop, key, agency)
    heard = pop.names.changed[child] + _delay(child, f"{agency} surname", records.habit.hears)
    forename, surname = records.names(pop.names.surname[records.child])
    forename, surname = forename[place], surname[place]
    new = np.flatnonzero(on >= heard)  # False where the name never changes
    if len(new):
        renamed, of = np.unique(place[new], return_inverse=True)
        later = _Records(pop, key[renamed], agency)
        for text, written in zip((forename, surname), later.names(pop.names.later[later.child]), strict=True):
            text[new] = written[of.ravel()]
    true = pop.birth(child)
    birth = records.births()[place]
    birth = np.where(
        (birth > on) | (true > on), true, birth
    )  # nobody writes down a birth that is yet to come
    return Written(forename, surname, birth, records.sexes()[place], postcode(pop, child, on, agency))


class _Records:
    """The distinct records of an agency: two numbers a child, the second for a record opened by mistake."""

    def __init__(self, pop: Population, key: Array, agency: str) -> None:
        self.pop, self.key, self.agency, self.habit = pop, key, agency, HABITS[agency]
        self.child = key // 2

    def luck(self, name: str) -> Array:
        return fate(self.key, f"{self.agency} {name}")

    def names(self, surname: Array) -> tuple[Array, Array]:
        """(forename, surname) as written, given the surname that it has heard of."""
        habit, names = self.habit, self.pop.names
        forename, surname = names.forename[self.child].copy(), surname.copy()
        short = np.flatnonzero(self.luck("nickname") < habit.nickname / SHORTENED)
        forename[short] = _other(forename[short], NICKNAMES, self.luck("which nickname")[short])
        for text, part in ((forename, "forename"), (surname, "surname")):
            spelt = np.flatnonzero(self.luck(f"spelling {part}") < SPELLING[part] / SPELT[part])
            text[spelt] = _other(text[spelt], spelled(), self.luck(f"which {part}")[spelt])
            bare = np.flatnonzero(self.luck(f"bare {part}") < BARE)
            text[bare] = _each(text[bare], plain)
        self._hyphens(surname)
        middle = names.middle[self.child]
        added = np.flatnonzero((self.luck("middle") < habit.middle) & (middle != ""))
        forename[added] = forename[added] + " " + middle[added]
        for text, part in ((forename, "forename"), (surname, "surname")):
            slipped = np.flatnonzero(self.luck(f"slip {part}") < SLIP)
            luck = self.luck(f"slip where {part}")[slipped]
            text[slipped] = [slip(t, u) for t, u in zip(text[slipped], luck, strict=True)]
        if habit.encoding != "utf-8":
            forename, surname = (
                _each(t, lambda s: _encodable(s, habit.encoding)) for t in (forename, surname)
            )
        turned = self.luck("turned") < TURNED
        forename, surname = np.where(turned, surname, forename), np.where(turned, forename, surname)
        upper = np.flatnonzero(self.luck("upper") < habit.upper)
        forename[upper], surname[upper] = _each(forename[upper], str.upper), _each(surname[upper], str.upper)
        trailing = np.flatnonzero(self.luck("trailing") < habit.trailing)
        surname[trailing] = surname[trailing] + " "
        return forename, surname

    def _hyphens(self, surname: Array) -> None:
        double = np.flatnonzero(np.array(["-" in s for s in surname], dtype=bool))
        luck = np.searchsorted(np.cumsum(HYPHEN), self.luck("hyphen")[double], side="right")
        ways: tuple[Callable[[str], str], ...] = (
            lambda s: s.replace("-", " "),
            lambda s: s.replace("-", ""),
            lambda s: s.split("-")[0],
            lambda s: s.split("-")[-1],
        )
        for i, way in enumerate(ways):
            here = double[luck == i]
            surname[here] = _each(surname[here], way)

    def births(self) -> Array:
        """Birth dates as typed in."""
        true = self.pop.birth(self.child)
        if not self.habit.birth:
            return true
        month = true.astype("datetime64[M]")
        year = true.astype("datetime64[Y]")
        day, number = (true - month).astype(int) + 1, (month - year).astype(int) + 1
        steps = np.cumsum(
            [DAY_AND_MONTH / SWAPPABLE, DAY_SLIP, WRONG_YEAR, self.habit.new_year, self.habit.stand_in]
        )
        way = np.searchsorted(steps, self.luck("birth"), side="right")
        other = np.minimum(day // 10 * 10 + (day % 10 + 1 + (self.luck("digit") * 9).astype(int)) % 10, 31)
        last = ((month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")).astype(int)
        off = np.where(self.luck("year") < 0.5, -1, 1)
        moved = (year + off).astype("datetime64[M]") + (number - 1)
        swapped = (year.astype("datetime64[M]") + (np.minimum(day, 12) - 1)).astype("datetime64[D]") + (
            number - 1
        )
        ways = [
            np.where(day <= 12, swapped, true),
            np.where((other >= 1) & (other <= last), month.astype("datetime64[D]") + (other - 1), true),
            moved.astype("datetime64[D]") + (np.minimum(day, 28) - 1),
            year.astype("datetime64[D]"),
            np.full(len(true), np.datetime64("1900-01-01")),
        ]
        return np.select([way == i for i in range(len(ways))], ways, true)

    def sexes(self) -> Array:
        sex, luck = self.pop.children["sex"].to_numpy(object)[self.child], self.luck("sex")
        share = NO_SEX if self.habit.birth else 0.0
        return np.where(luck < share / 2, "", np.where(luck < share, "U", sex)).astype(object)


#: So many children about have a forename with a short form, and a name that is spelt in several ways; shares above are of all.
SHORTENED: Final = 0.22
SPELT: Final = {"forename": 0.085, "surname": 0.095}


@lru_cache(maxsize=1)
def spelled() -> dict[str, tuple[str, ...]]:
    """Name -> its other spellings."""
    return {name: tuple(n for n in group if n != name) for group in SPELLINGS for name in group}


def transliterated(pop: Population, child: Array, agency: str, second: Array) -> Array:
    """True for records whose forename or surname is spelt in another way than the child's."""
    key = child.astype(np.int64) * 2 + second.astype(np.int64)
    out = np.zeros(len(child), bool)
    for part, names in (("forename", pop.names.forename), ("surname", pop.names.surname)):
        at = np.flatnonzero(fate(key, f"{agency} spelling {part}") < SPELLING[part] / SPELT[part])
        out[at] |= np.array([n in spelled() for n in names[child[at]]], dtype=bool)
    return out


def stood_in(pop: Population, child: Array, agency: str, second: Array) -> Array:
    """True for records with a stand-in for the birth date."""
    births = _Records(pop, child.astype(np.int64) * 2 + second.astype(np.int64), agency).births()
    true = pop.birth(child)
    return (births != true) & (births == births.astype("datetime64[Y]").astype("datetime64[D]"))


def _other(names: Array, ways: Mapping[str, tuple[str, ...]], luck: Array) -> Array:
    """One of the other ways of each name that has some."""
    return np.array(
        [w[int(u * len(w))] if (w := ways.get(n)) else n for n, u in zip(names, luck, strict=True)],
        dtype=object,
    )


def _each(texts: Array, change: Callable[[str], str]) -> Array:
    """A change of each text, made once for each distinct one."""
    code, distinct = pd.factorize(texts)
    return np.array([change(t) for t in distinct], dtype=object)[code] if len(texts) else texts


#: Letters whose marks do not come off by themselves.
LETTERS: Final = str.maketrans("łŁøØđĐßæÆ", "lLoOdDsaA")


def plain(text: str) -> str:
    """A name without accents."""
    parts = unicodedata.normalize("NFKD", text.translate(LETTERS))
    return "".join(c for c in parts if not unicodedata.combining(c))


def _encodable(text: str, encoding: str) -> str:
    """The text, without the accents of letters that a system does not know."""
    return "".join(c if c.encode(encoding, "ignore") else plain(c) for c in text)


def slip(text: str, luck: float) -> str:
    """A name with one typing slip behind its first letter: two letters changed over, one lost, one doubled, or a neighbouring one."""
    if len(text) < 3:
        return text
    way, at = divmod(int(luck * 4 * (len(text) - 2)), len(text) - 2)
    at += 1
    if way == 0:
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    if way == 1:
        return text[:at] + text[at + 1 :]
    if way == 2:
        return text[:at] + text[at] + text[at:]
    return text[:at] + NEIGHBOURS.get(text[at].lower(), "e") + text[at + 1 :]


NEIGHBOURS: Final = dict(zip("abcdefghijklmnopqrstuvwxyz", "svxfrdgjuknkmbkoeatyrbezuq", strict=True))

# --- where a family lives

MOVES_FROM, MOVES_DAYS = np.datetime64("2022-04-01"), 1551
#: Families that move once in that time, and again: about 8 per cent a year.
MOVE, AGAIN = 0.27, 0.26
PROTECTED: Final = 0.006  # of families: an address that nobody may hold


def protected(pop: Population, child: Array) -> Array:
    return fate(pop.children["family"].to_numpy()[child], "protected") < PROTECTED


def postcode(pop: Population, child: Array, on: Array | np.datetime64, agency: str) -> Array:
    """The postcode that the agency had on the day: it hears late of a move, and never of a protected address."""
    known = pop.postcode(child, homes(pop, child, on, agency))
    return np.where(protected(pop, child), "", known).astype(object)


def homes(pop: Population, child: Array, on: Array | np.datetime64, agency: str) -> Array:
    """Which of the family's homes the agency knew on the day: 0, 1, 2; from a move to the other council on, 8 is added."""
    family = pop.children["family"].to_numpy()[child]
    mean = HABITS[agency].hears
    out = np.zeros(len(child), np.int64)
    first = MOVES_FROM + (fate(family, "move 1 day") * MOVES_DAYS).astype("timedelta64[D]")
    second = first + 120 + (fate(family, "move 2 day") * 700).astype("timedelta64[D]")
    for number, (share, day) in enumerate(((MOVE, first), (AGAIN, second)), 1):
        moved = (fate(family, "move 1") < MOVE) & (fate(family, f"move {number}") < share)
        out += moved & (day + _delay(family, f"{agency} move {number}", mean) <= on)
    moved = pop.children["moved"].to_numpy().astype("datetime64[D]")[child]
    return out + 8 * (moved + _delay(child, f"{agency} council", mean) <= on)


def _delay(key: Array, name: str, mean: float) -> Array:
    return (-mean * np.log1p(-fate(key, name))).astype("timedelta64[D]")
