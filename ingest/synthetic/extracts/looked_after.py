"""What the councils return of children looked after (SSDA903): the same children who came into care by the health records.

Lives here: the children's periods of care, their episodes, and the tables of a year's return.
Add here: another table of the return.
Must not live here: who came into care in 2023 to 2026 (others.py draws them for the health assessments), file formats (writers.py).

The children in care, starting and ceasing of each year are the published counts. How many move, are reviewed, missing, adopted or
change their worker follows published shares where the specification has one (see the constants); the rest is synthetic.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from ingest.synthetic import calibration as cal
from ingest.synthetic.agencies import british, chance, council_id, council_upn
from ingest.synthetic.days import NEVER, fy_end, fy_start, plus
from ingest.synthetic.defects import Planter, each, put, serial
from ingest.synthetic.population import Array, Population, draw
from ingest.synthetic.world import World
from ingest.synthetic.writers import Delivery, Style
from ingest.synthetic.written import postcode

KEY: Final = "council/ssda903"
YEARS: Final = (2024, 2025, 2026)
#: DfE, children looked after on 31 March; 2026 repeats 2025 (nothing published yet).
STOCK: Final = {2023: (1385, 1106), 2024: (1307, 1152), 2025: (1306, 1063), 2026: (1306, 1063)}
#: Ages of children looked after on 31 March, per cent, for England (DfE): under 1, 1-4, 5-9, 10-15, 16-17.
AGES: Final = ((0, 1, 5), (1, 5, 14), (5, 10, 18), (10, 16, 38), (16, 18, 25))
#: Placement moves a year that give 10 per cent with three or more placements (domain.md CC03).
MOVES: Final = 0.52
LEGAL_CHANGES: Final = 0.25
#: Worker changes a year that give 27 and 35 per cent with three or more workers (domain.md WF12).
WORKER_CHANGES: Final = (1.0, 1.25)
#: Yearly health assessment, teeth, SDQ returned, mean SDQ score of 2025 (domain.md CC08 to CC10).
HEALTH: Final = ((0.82, 0.91, 0.61, 15.1), (0.72, 0.92, 0.79, 14.9))
#: Care leavers in work or learning, and in suitable homes, of 2025 (domain.md CC15).
LEAVERS: Final = ((0.66, 0.91), (0.43, 0.94))
LEAVERS_A_YEAR: Final = (430, 330)  # synthetic
LEGAL: Final = np.array(["V2", "C1", "C2"], dtype=object)
#: The day whose home the returns give, for all years.
HOME_ON: Final = np.datetime64("2022-04-01")
#: The columns that councils leave to the DfE.
DERIVED: Final = ("placement_la", "placement_location", "placement_distance")


@dataclass
class Care:
    """One council's periods of care, one row a child, and everything that happened in them."""

    people: pd.DataFrame  # child, entered, left (NaT while in care), newcomer, calm, adopted
    episodes: pd.DataFrame  # person, started, ended, and the codes of an episode
    workers: pd.DataFrame  # person, started, ended, worker, reason


def deliveries(world: World) -> Iterator[Delivery]:
    """Both councils' returns of three years."""
    sending = world.population.rng("looked-after-sending")
    for area, council in enumerate(cal.COUNCILS):
        care = world.frames["care"][area] if "care" in world.frames else care_of(world, area)
        for year in YEARS:
            period = f"{year - 1}-{year % 100}"
            tables = {k: v for k, v in _tables(world, area, care, year).items() if len(v)}
            yield world.sent(
                KEY, council, period, f"ssda903_{period}.csv", tables, Style(drop=DERIVED), sending
            )


# --- who, from when to when ---------------------------------------------------------------------------------------------------


def care_of(world: World, area: int) -> Care:
    """One council's periods of care. They are drawn before anybody has a new identity (hard_cases.py)."""
    pop = world.population
    rng = pop.rng(f"looked-after-{area}")
    people = pd.concat([_stock(world, area, rng), _newcomers(world, area)], ignore_index=True)
    people = people.sort_values(["entered", "child"], kind="stable", ignore_index=True)
    people["left"] = _left(pop, area, rng, people)
    people["calm"] = _calm(world, people)
    people["adopted"] = _adopted(pop, rng, people) & people["calm"]
    return Care(people, _episodes(pop, rng, people), _workers(pop, area, rng, people))


def _newcomers(world: World, area: int) -> pd.DataFrame:
    """Children whom the health records show coming into this council's care; of two entries of a child, the first."""
    health = world.frames["health"]
    own = health[health["responsible_la"] == cal.LA[area]].sort_values(["_entered"], kind="stable")
    own = own.drop_duplicates("_child")
    frame = pd.DataFrame(
        {
            "child": own["_child"].to_numpy(),
            "entered": own["_entered"].to_numpy().astype("datetime64[D]"),
            "left": own["_left"].to_numpy().astype("datetime64[D]"),
            "newcomer": True,
        }
    )
    birth = world.population.birth(frame["child"].to_numpy())
    age = (frame["entered"].to_numpy().astype("datetime64[D]") - birth).astype(int)
    return frame[(age >= 0) & (age < 6540)]


def _stock(world: World, area: int, rng: np.random.Generator) -> pd.DataFrame:
    """Children in care on 31 March 2023: by age as in England, more of them from the families in trouble, and those whom the
    council's missing reports say were in care."""
    pop = world.population
    day = fy_end(2023)
    born = pop.children["birth"].to_numpy().astype("datetime64[D]")
    age = (day - born).astype(int) / 365.25
    weight = np.zeros(len(born))
    free = (pop.children["area"] == area).to_numpy() & ~np.isin(
        np.arange(len(born)), world.frames["health"]["_child"].to_numpy()
    )
    trouble = pop.children["vulnerable"].to_numpy() + 0.01
    missed = world.missing.council
    trouble[missed.loc[missed["in_care"], "child"].unique()] *= 30
    for low, high, share in AGES:
        here = free & (age >= max(low, 0.1)) & (age < min(high, 17.7))
        if here.any():
            weight[here] = share * trouble[here] / trouble[here].sum()
    count = min(pop.count(STOCK[2023][area], 12), int((weight > 0).sum()))
    child = rng.choice(len(born), count, replace=False, p=weight / weight.sum())
    child.sort()
    longest = (day - born[child]).astype(int) - 2
    entered = plus(day, -np.minimum(rng.exponential(950, count).astype(int) + 1, longest))
    return pd.DataFrame({"child": child, "entered": entered, "left": NEVER, "newcomer": False})


def _left(pop: Population, area: int, rng: np.random.Generator, people: pd.DataFrame) -> Array:
    """When each left: on the 18th birthday at the latest, and so many others that the published number remains."""
    entered = people["entered"].to_numpy().astype("datetime64[D]")
    left = people["left"].to_numpy().astype("datetime64[D]")
    birth = pop.birth(people["child"].to_numpy())
    grown = (birth.astype("datetime64[M]") + np.timedelta64(216, "M")).astype("datetime64[D]") + (
        birth - birth.astype("datetime64[M]").astype("datetime64[D]")
    )
    for year in YEARS:
        start, end = fy_start(year), fy_end(year)
        leaves = np.isnat(left) & (grown <= end)
        left[leaves] = np.maximum(grown[leaves], entered[leaves] + 1)
        staying = np.flatnonzero(np.isnat(left) & (entered <= end - 40))
        remaining = int((np.isnat(left) & (entered <= end)).sum())
        go = min(max(remaining - pop.count(STOCK[year][area], 10), 0), len(staying))
        chosen = rng.choice(staying, go, replace=False)
        earliest = np.maximum(entered[chosen] + 20, start)
        span = (np.minimum(end, grown[chosen] - 1) - earliest).astype(int)
        left[chosen] = plus(earliest, (rng.random(go) * np.maximum(span, 1)).astype(int))
    return left


def _adopted(pop: Population, rng: np.random.Generator, people: pd.DataFrame) -> Array:
    """Young children who left after at least a year: about a third of them were adopted (synthetic)."""
    entered, left = (people[c].to_numpy().astype("datetime64[D]") for c in ("entered", "left"))
    age = (left - pop.birth(people["child"].to_numpy())).astype(float) / 365.25
    return (
        ~np.isnat(left)
        & (age < 7)
        & ((left - entered).astype(float) > 400)
        & (rng.random(len(people)) < 0.45)
    )


def _calm(world: World, people: pd.DataFrame) -> Array:
    """True for children who left and of whom nobody reports anything later: no referral, nothing missing, no coming back."""
    left = people["left"].to_numpy().astype("datetime64[D]")
    missing, health = world.missing, world.frames["health"]
    latest = np.full(len(world.population.children), np.datetime64("1990-01-01"), "datetime64[D]")
    seen = [(c.episodes["child"], c.episodes["ref"]) for c in world.careers]
    seen += [
        (missing.police["child"], missing.police["reported_at"]),
        (missing.council["child"], missing.council["started_at"]),
    ]
    for child, day in (*seen, (health["_child"], health["_entered"])):
        np.maximum.at(latest, child.to_numpy().astype(np.int64), day.to_numpy().astype("datetime64[D]"))
    return latest[people["child"].to_numpy()] < left


# --- what happened --------------------------------------------------------------------------------------------------------------


def _changes(
    rng: np.random.Generator, start: Array, end: Array, rate: float, spacing: int = 6
) -> tuple[Array, Array]:
    """(person, day) of changes at so many a year, some days apart, in order."""
    span = np.maximum((end - start).astype(int) - 2 * spacing, 0)
    number = rng.poisson(rate * span / 365.25)
    person = np.repeat(np.arange(len(start)), number)
    day = plus(start[person], spacing + (rng.random(len(person)) * span[person]).astype(int))
    order = np.lexsort((day, person))
    person, day = person[order], day[order]
    far = np.r_[True, (person[1:] != person[:-1]) | ((day[1:] - day[:-1]).astype(int) >= spacing)]
    return person[far], day[far]


def _episodes(pop: Population, rng: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    entered, left = (people[c].to_numpy().astype("datetime64[D]") for c in ("entered", "left"))
    until = np.where(np.isnat(left), fy_end(YEARS[-1]), left)
    since = np.maximum(entered, fy_start(YEARS[0]) - 500)
    person, day = _changes(rng, since, until, MOVES + LEGAL_CHANGES)
    frame = pd.DataFrame(
        {
            "person": np.r_[np.arange(len(people)), person],
            "started": np.r_[entered, day],
            "first": np.r_[np.ones(len(people), bool), np.zeros(len(person), bool)],
        }
    )
    # The placement with the adopters is the last one.
    adopted = np.flatnonzero(people["adopted"].to_numpy())
    placed = pd.DataFrame({"person": adopted, "started": left[adopted] - 180, "first": False})
    frame = frame[
        frame["first"]
        | ~frame["person"].isin(adopted)
        | (frame["started"].to_numpy().astype("datetime64[D]") < left[frame["person"].to_numpy()] - 200)
    ]
    frame = pd.concat([frame, placed], ignore_index=True).sort_values(
        ["person", "started"], kind="stable", ignore_index=True
    )
    n = len(frame)
    who = frame["person"].to_numpy()
    started = frame["started"].to_numpy().astype("datetime64[D]")
    last = np.r_[who[1:] != who[:-1], True]
    for_adoption = people["adopted"].to_numpy()[who] & last
    age = (started - pop.birth(people["child"].to_numpy()[who])).astype(int) / 365.25

    # The legal status only goes one way: section 20, interim order, full order.
    share = LEGAL_CHANGES / (MOVES + LEGAL_CHANGES)
    wants = ~frame["first"].to_numpy() & (rng.random(n) < share)
    opening = np.where(
        people["newcomer"],
        rng.choice(2, len(people), p=[0.6, 0.4]),
        rng.choice(3, len(people), p=[0.25, 0.15, 0.6]),
    )
    steps = np.cumsum(wants)
    steps = steps - steps[np.flatnonzero(frame["first"])][who]
    order = np.minimum(opening[who] + steps, 2)
    changed = np.r_[False, (order[1:] != order[:-1]) & (who[1:] == who[:-1])]
    legal = np.where(for_adoption, "E1", LEGAL[order]).astype(object)
    both = changed & (rng.random(n) < 0.3)
    reason = np.where(changed, np.where(both, "B", "L"), np.where(rng.random(n) < 0.06, "T", "P"))
    reason = np.where(frame["first"], "S", np.where(for_adoption, "B", reason)).astype(object)

    # A placement lasts until the next episode that moves the child.
    moved = reason != "L"
    block = np.maximum.accumulate(np.where(moved, np.arange(n), 0))
    placement = _placement(rng, age, for_adoption)
    placement = np.where(
        (placement == "P1") & (legal == "V2"), "U6", placement
    )  # with parents only under an order
    own_carer = for_adoption & _foster_carer(people["child"].to_numpy()[who])
    placement = np.where(own_carer, "A5", placement).astype(object)[block]
    provider = _provider(rng, placement, block)
    number = np.where(
        np.isin(placement, ["K2", "K1", "R1"])
        | (np.char.startswith(placement.astype(str), "U") & (provider == "PR4")),
        np.char.add("SC", np.char.zfill((rng.integers(0, 90_000, n) + 10_000)[block].astype(str), 6)),
        "XXXXXXX",
    ).astype(object)

    ended = np.where(last, left[who], np.r_[started[1:], NEVER])
    final = _final_reason(rng, pop, people)[who]
    # A guardian who was no foster carer has a code of its own.
    fostered = np.char.startswith(placement.astype(str), "U")
    guardian = np.where(final == "E45", "E47", np.where(final == "E46", "E48", final))
    final = np.where(fostered, final, guardian)
    return pd.DataFrame(
        {
            "person": who,
            "started": started,
            "ended": ended,
            "reason_new_episode": reason,
            "legal_status": legal,
            "category_of_need": draw(rng, {"N1": 66, "N2": 3, "N3": 3, "N4": 7, "N5": 13, "N6": 1, "N8": 7}, len(people))[who],
            "placement": placement,
            "placement_provider": provider,
            "placement_urn": number,
            "reason_episode_ceased": np.where(last, final, "X1").astype(object),
            "reason_place_change": np.where(
                np.r_[moved[1:], False] & ~last,
                draw(rng, {"CARPL": 50, "OTHER": 14, "CREQB": 9, "CREQO": 9, "CHILD": 6, "LAREQ": 7, "STAND": 3, "ALLEG": 2}, n),
                "",
            ).astype(object),
            "_elsewhere": rng.integers(0, len(pop.children), n)[block],
        }
    )  # fmt: skip


def _placement(rng: np.random.Generator, age: Array, for_adoption: Array) -> Array:
    """A kind of placement by age: two thirds in foster care."""
    n = len(age)
    young = draw(rng, {"U1": 7, "U3": 12, "U4": 22, "U6": 46, "P1": 9, "R3": 4}, n)
    middle = draw(rng, {"U1": 9, "U3": 9, "U4": 32, "U6": 28, "P1": 6, "K2": 16}, n)
    old = draw(rng, {"U1": 5, "U4": 26, "U6": 22, "K2": 18, "K3": 25, "P1": 3, "R5": 1}, n)
    out = np.where(age < 5, young, np.where(age < 16.1, middle, old))
    return np.where(for_adoption, "A6", out).astype(object)


def _foster_carer(child: Array) -> Array:
    """Whether an adopted child is adopted by its foster carer (synthetic)."""
    return chance(child, 71) < 0.12


def _provider(rng: np.random.Generator, placement: Array, block: Array) -> Array:
    n = len(placement)
    foster = draw(rng, {"PR1": 62, "PR4": 38}, n)[block]
    other = draw(rng, {"PR1": 15, "PR4": 80, "PR5": 5}, n)[block]
    out = np.where(
        np.isin(placement, ["U1", "U3"]), "PR1", np.where(np.isin(placement, ["U4", "U6"]), foster, other)
    )
    return np.where(
        placement == "P1", "PR0", np.where(placement == "R5", "PR3", np.where(np.isin(placement, ["A5", "A6"]), "PR1", out))
    ).astype(object)  # fmt: skip


def _final_reason(rng: np.random.Generator, pop: Population, people: pd.DataFrame) -> Array:
    n = len(people)
    left = people["left"].to_numpy().astype("datetime64[D]")
    age = (left - pop.birth(people["child"].to_numpy())).astype(float) / 365.25
    child = draw(
        rng,
        {"E4A": 46, "E4B": 10, "E13": 8, "E41": 9, "E45": 11, "E46": 4, "E47": 6, "E48": 1, "E3": 2, "E8": 3},
        n,
    )
    adult = draw(rng, {"E17": 38, "E5": 22, "E6": 24, "E7": 8, "E4A": 5, "E8": 3}, n)
    out = np.where(age >= 17.99, adult, child)
    return np.where(people["adopted"], draw(rng, {"E11": 25, "E12": 75}, n), out).astype(object)


def _workers(pop: Population, area: int, rng: np.random.Generator, people: pd.DataFrame) -> pd.DataFrame:
    entered, left = (people[c].to_numpy().astype("datetime64[D]") for c in ("entered", "left"))
    until = np.where(np.isnat(left), fy_end(YEARS[-1]), left)
    since = np.maximum(entered, fy_start(YEARS[0]) - 200)
    person, day = _changes(rng, since, until, WORKER_CHANGES[area])
    who = np.r_[np.arange(len(people)), person]
    day = np.r_[since, day]
    first = np.r_[np.ones(len(people), bool), np.zeros(len(person), bool)]
    order = np.lexsort((day, who))
    who, day, first = who[order], day[order], first[order]
    posts = pop.count((260, 140)[area], 9)
    last = np.r_[who[1:] != who[:-1], True]
    # A step of one to posts - 1 is never the same worker again.
    steps = np.cumsum(rng.integers(1, posts, len(who)))
    return pd.DataFrame(
        {
            "person": who,
            "started": day,
            "ended": np.where(last, left[who], np.r_[day[1:], NEVER]),
            "worker": np.char.add(("SW1", "SW2")[area], np.char.zfill((steps % posts).astype(str), 4)).astype(object),
            "reason": np.where(
                first, "FCONTA",
                draw(rng, {"TSPROC": 34, "LEFTRL": 30, "MANAGE": 14, "ORGRST": 8, "ABSENC": 7, "OTHERS": 5, "CHCHAN": 1, "PCCHAN": 1}, len(who)),
            ),
        }
    )  # fmt: skip


# --- a year's return ------------------------------------------------------------------------------------------------------------


def _tables(world: World, area: int, care: Care, year: int) -> dict[str, pd.DataFrame]:
    pop, rng = world.population, world.population.rng(f"looked-after-{area}-{year}")
    start, end = fy_start(year), fy_end(year)
    people = care.people
    child = people["child"].to_numpy()
    entered, left = (people[c].to_numpy().astype("datetime64[D]") for c in ("entered", "left"))
    in_year = (entered <= end) & ~(left < start)
    at_end = (entered <= end) & ~(left <= end)
    leavers = _leavers(pop, area, care, year, rng)
    return {
        "header": _header(pop, area, np.unique(np.r_[child[in_year], leavers]), child[in_year], year),
        "episodes": _year_episodes(pop, area, care, year),
        "uasc": _uasc(pop, area, people[in_year & ~np.isin(child, leavers)], year),
        "oc2": _oc2(pop, area, child[at_end & (entered <= end - 365)], year, rng),
        "oc3": _oc3(pop, area, leavers, rng),
        "ad1": _ad1(pop, area, people[people["adopted"].to_numpy() & (left >= start) & (left <= end)], rng),
        "reviews": _reviews(pop, area, people, year, rng),
        "placed_adoption": _placed(pop, area, people[people["adopted"].to_numpy() & (left - 300 <= end) & ~(left < start)]),
        "prev_perm": _previous(pop, area, child[(entered >= start) & (entered <= end)], rng),
        "missing": _missing(world, area, people, year),
        "sw_episodes": _year_workers(pop, area, care, year),
    }  # fmt: skip


def _frame(pop: Population, area: int, child: Array, **columns: Array | str) -> pd.DataFrame:
    """Rows about children: their id, their date of birth unless it is not a column, and what is given."""
    frame = pd.DataFrame(
        {
            "la_child_id": _ids(area, child),
            "birth_date": british(pop.birth(child)),
            **columns,
            "_child": child,
        }
    )
    return frame.astype({c: object for c in frame.columns if not c.startswith("_")})


def _ids(area: int, child: Array) -> Array:
    return council_id(area, child) if len(child) else np.empty(0, object)


def _sex(pop: Population, child: Array, year: int) -> Array:
    """As the year's list writes it: 1 and 2 until 2024."""
    sex = pop.children["sex"].to_numpy()[child]
    return sex if year > 2024 else np.where(sex == "M", "1", "2").astype(object)


def _header(pop: Population, area: int, child: Array, in_care: Array, year: int) -> pd.DataFrame:
    age = (fy_end(year) - pop.birth(child)).astype(int) / 365.25
    known = age >= 5
    frame = _frame(
        pop, area, child,
        sex=_sex(pop, child, year),
        ethnicity=pop.children["ethnicity"].to_numpy()[child],
        upn=np.where(known, council_upn(pop, area, child), ""),
        upn_unknown=np.where(known, "", "UN1"),
        mother=np.where((pop.children["sex"].to_numpy()[child] == "F") & np.isin(child, in_care), "0", ""),
        mother_child_birth_date="",
    )  # fmt: skip
    return frame[
        [
            "la_child_id",
            "sex",
            "birth_date",
            *[c for c in frame.columns if c not in ("la_child_id", "sex", "birth_date")],
        ]
    ]


def _year_episodes(pop: Population, area: int, care: Care, year: int) -> pd.DataFrame:
    start, end = fy_start(year), fy_end(year)
    started, ended = (care.episodes[c].to_numpy().astype("datetime64[D]") for c in ("started", "ended"))
    own = care.episodes[(started <= end) & ~(ended < start)]
    child = care.people["child"].to_numpy()[own["person"].to_numpy()]
    ended = own["ended"].to_numpy().astype("datetime64[D]")
    closed = ended <= end
    placement = own["placement"].to_numpy(object)
    if year <= 2024:  # supported accommodation has its own code from 2025
        placement = np.where(placement == "K3", "H5", placement)
    # The home that the child came from: it stays in every return.
    home, elsewhere = postcode(pop, child, HOME_ON, "council"), own["_elsewhere"].to_numpy()
    there = pop.postcode(elsewhere)
    frame = pd.DataFrame(
        {
            "la_child_id": council_id(area, child),
            "episode_started_on": british(own["started"].to_numpy().astype("datetime64[D]")),
            **{
                c: own[c].to_numpy(object) for c in ("reason_new_episode", "legal_status", "category_of_need")
            },
            "placement": placement,
            "placement_provider": own["placement_provider"].to_numpy(object),
            "episode_ceased_on": british(np.where(closed, ended, NEVER)),
            "reason_episode_ceased": np.where(closed, own["reason_episode_ceased"], ""),
            "reason_place_change": np.where(closed, own["reason_place_change"], ""),
            "home_postcode": home,
            "placement_postcode": np.where(
                placement == "P1",
                home,
                np.where(there == home, pop.postcode((elsewhere + 7) % len(pop.children)), there),
            ),
            "placement_urn": own["placement_urn"].to_numpy(object),
            **dict.fromkeys(DERIVED, ""),
            "_child": child,
        }
    )
    return frame.astype({c: object for c in frame.columns if c != "_child"})


def _uasc(pop: Population, area: int, people: pd.DataFrame, year: int) -> pd.DataFrame:
    """Boys who came at 15 or over, a part of them (synthetic)."""
    child = people["child"].to_numpy()
    age = (people["entered"].to_numpy().astype("datetime64[D]") - pop.birth(child)).astype(int) / 365.25
    child = child[(age >= 15) & (pop.children["sex"].to_numpy()[child] == "M") & (chance(child, 53) < 0.3)]
    grown = (pop.birth(child).astype("datetime64[M]") + np.timedelta64(216, "M")).astype("datetime64[D]")
    frame = _frame(
        pop,
        area,
        child,
        sex=_sex(pop, child, year),
        uasc_ceased_on=british(grown + (pop.birth(child) - pop.birth(child).astype("datetime64[M]"))),
    )
    return frame[["la_child_id", "sex", "birth_date", "uasc_ceased_on", "_child"]]


def _oc2(pop: Population, area: int, child: Array, year: int, rng: np.random.Generator) -> pd.DataFrame:
    n = len(child)
    age = (fy_end(year) - pop.birth(child)).astype(int) / 365.25
    seen, teeth, returned, mean = HEALTH[area]
    asked = (age >= 4) & (age < 18)
    scored = asked & (rng.random(n) < returned)
    misuse = (age >= 11) & (rng.random(n) < 0.03)
    received = rng.random(n) < 0.6
    return _frame(
        pop, area, child,
        sdq_score=np.where(scored, np.clip(rng.normal(mean, 7, n), 0, 40).astype(int).astype(str), ""),
        sdq_reason=np.where(asked & ~scored, draw(rng, {"SDQ2": 30, "SDQ4": 55, "SDQ5": 15}, n), ""),
        convicted=np.where(age < 10, "", _yes(rng.random(n) < 0.02)),
        health_check=np.where(age < 5, _yes(rng.random(n) < 0.89), ""),
        immunisations=_yes(rng.random(n) < 0.84),
        teeth_check=_yes(rng.random(n) < teeth),
        health_assessment=_yes(rng.random(n) < seen),
        substance_misuse=_yes(misuse),
        intervention_received=np.where(misuse, _yes(received), ""),
        intervention_offered=np.where(misuse & ~received, "1", ""),
    )  # fmt: skip


def _yes(answer: Array) -> Array:
    return np.where(answer, "1", "0").astype(object)


def _leavers(pop: Population, area: int, care: Care, year: int, rng: np.random.Generator) -> Array:
    """Children who left care at 18 by our own records, and older ones who left before them (synthetic)."""
    people = care.people
    left = people["left"].to_numpy().astype("datetime64[D]")
    born = pop.children["birth"].to_numpy().astype("datetime64[D]")
    own = people["child"].to_numpy()
    grown = own[(left <= fy_end(year)) & ((left - born[own]).astype(float) >= 6570)]
    age = (fy_end(year) - born).astype(int) / 365.25
    pool = np.flatnonzero(
        (pop.children["area"] == area).to_numpy()
        & (age >= 18.2)
        & (age < 22)
        & ~np.isin(np.arange(len(born)), own)
    )
    wanted = max(pop.count(LEAVERS_A_YEAR[area], 8) - len(grown), 0)
    # The same young people in every year: those whom chance has marked first.
    before = pool[np.argsort(chance(pool, 61), kind="stable")][:wanted]
    del rng
    return np.sort(np.r_[grown[age[grown] < 22], before])


def _oc3(pop: Population, area: int, child: Array, rng: np.random.Generator) -> pd.DataFrame:
    n = len(child)
    learning, suitable = LEAVERS[area]
    touch = draw(rng, {"YES": 95, "NO": 3, "REFU": 1, "RHOM": 1}, n)
    known = touch == "YES"
    busy = draw(rng, {"F1": 6, "P1": 1, "F2": 26, "P2": 3, "F4": 5, "F5": 48, "P5": 11}, n)
    idle = draw(rng, {"G4": 38, "G5": 50, "G6": 12}, n)
    home = draw(rng, {"U1": 40, "D1": 17, "Z1": 12, "K1": 6, "E1": 5, "B1": 14, "T1": 4, "Y1": 2}, n)
    bad = draw(rng, {"X2": 40, "S2": 15, "V2": 15, "W2": 5, "R2": 10, "Y2": 15}, n)
    return _frame(
        pop, area, child,
        in_touch=touch,
        activity=np.where(known, np.where(rng.random(n) < learning / 0.95, busy, idle), "0"),
        accommodation=np.where(known, np.where(rng.random(n) < min(suitable / 0.95, 0.99), home, bad), "0"),
    )  # fmt: skip


def _ad1(pop: Population, area: int, people: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    n, left = len(people), people["left"].to_numpy().astype("datetime64[D]")
    couple = rng.random(n) < 0.86
    pair = draw(rng, {"MF L2": 74, "MF L3": 8, "MM L12": 9, "FF L12": 6, "FF L11": 3}, n)
    one = draw(rng, {"F1 L0": 90, "M1 L0": 10}, n)
    kind = pd.Series(np.where(couple, pair, one), dtype=object)
    return _frame(
        pop, area, people["child"].to_numpy(),
        adoption_decision_on=british(left - 300),
        matched_on=british(left - 200),
        adopted_by_foster_carer=_yes(_foster_carer(people["child"].to_numpy())),
        adopters=np.where(couple, "2", "1"),
        adopter_sex=kind.str.slice(0, 2).to_numpy(object),
        adopter_legal_status=kind.str.slice(3).to_numpy(object),
    )  # fmt: skip


def _placed(pop: Population, area: int, people: pd.DataFrame) -> pd.DataFrame:
    left = people["left"].to_numpy().astype("datetime64[D]")
    return _frame(
        pop, area, people["child"].to_numpy(), placed_for_adoption_on=british(left - 300), placed_for_adoption_ceased_on="",
        reason_placed_ceased="",
    )  # fmt: skip


def _reviews(
    pop: Population, area: int, people: pd.DataFrame, year: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Within 20 working days, after three months, then every six."""
    entered, left = (people[c].to_numpy().astype("datetime64[D]") for c in ("entered", "left"))
    offsets = np.r_[24, 112, 112 + 181 * np.arange(1, 40)]
    day = entered[:, None] + offsets[None, :].astype("timedelta64[D]")
    held = (day >= fy_start(year)) & (day <= fy_end(year)) & ~(day >= left[:, None])
    who, number = np.nonzero(held)
    child = people["child"].to_numpy()[who]
    young = (day[who, number] - pop.birth(child)).astype(int) < 1461
    code = draw(rng, {"PN1": 52, "PN2": 3, "PN3": 6, "PN4": 2, "PN5": 9, "PN6": 22, "PN7": 6}, len(who))
    return _frame(
        pop,
        area,
        child,
        review_on=british(day[who, number]),
        review_participation=np.where(young, "PN0", code),
    )


def _previous(pop: Population, area: int, child: Array, rng: np.random.Generator) -> pd.DataFrame:
    n = len(child)
    option = draw(rng, {"Z1": 94, "P1": 1, "P2": 3, "P3": 1, "P4": 1}, n)
    age = (fy_start(YEARS[0]) - pop.birth(child)).astype(int)
    option = np.where(age < 2200, "Z1", option)
    when = np.char.add("zz/zz/", rng.integers(2019, 2023, n).astype(str)).astype(object)
    some = option != "Z1"
    return _frame(
        pop, area, child, previous_permanence=option,
        previous_permanence_la=np.where(some, cal.LA[area], ""),
        previous_permanence_on=np.where(some, when, ""),
    )  # fmt: skip


def _missing(world: World, area: int, people: pd.DataFrame, year: int) -> pd.DataFrame:
    """The council's own missing records of children who were in its care that day."""
    own = world.missing.council
    own = own[own["area"] == area].merge(people[["child", "entered", "left"]], on="child")
    start = own["started_at"].to_numpy().astype("datetime64[D]")
    back = own["returned_at"].to_numpy().astype("datetime64[D]")
    entered, left = (own[c].to_numpy().astype("datetime64[D]") for c in ("entered", "left"))
    keep = (
        (start >= fy_start(year))
        & (start <= fy_end(year))
        & (start >= entered)
        & ~(np.maximum(start, back) >= left)
    )
    own, start, back = own[keep], start[keep], back[keep]
    frame = _frame(
        world.population, area, own["child"].to_numpy(), missing_type=own["kind"].to_numpy(object),
        missing_started_on=british(start), missing_ended_on=british(np.where(back <= fy_end(year), back, NEVER)),
    )  # fmt: skip
    return frame.drop_duplicates(["la_child_id", "missing_type", "missing_started_on"], ignore_index=True)


def _year_workers(pop: Population, area: int, care: Care, year: int) -> pd.DataFrame:
    start, end = fy_start(year), fy_end(year)
    started, ended = (care.workers[c].to_numpy().astype("datetime64[D]") for c in ("started", "ended"))
    own = care.workers[(started <= end) & ~(ended < start)]
    ended = own["ended"].to_numpy().astype("datetime64[D]")
    return _frame(
        pop, area, care.people["child"].to_numpy()[own["person"].to_numpy()],
        social_worker_id=own["worker"].to_numpy(object),
        social_worker_started_on=british(own["started"].to_numpy().astype("datetime64[D]")),
        social_worker_ended_on=british(np.where(ended <= end, ended, NEVER)),
        reason_social_worker_change=own["reason"].to_numpy(object),
    )  # fmt: skip


def plant(p: Planter) -> None:
    """Faults that a careful reader mends."""
    p.cells(
        KEY, "episodes", "legal_status", 12, each(lambda s: {"V2": "Section 20", "C2": "Care order"}[s]), "code in words",
        "codelist_spelling", "mended", where=lambda f: f["legal_status"].isin(["V2", "C2"]),
    )  # fmt: skip
    p.cells(KEY, "oc2", "sdq_score", 4, put("41"), "number outside its range", "range", "warned")
    p.cells(KEY, "reviews", "review_on", 8, each(serial), "Excel serial date", "mended", "mended")
