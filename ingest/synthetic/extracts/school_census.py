"""The school census of each council's education team (LA17): attendance, suspensions and needs, term by term.

Lives here: the pupils that a term's export holds, their schools, absence, suspensions and needs.
Add here: another module of the census that an indicator needs.
Must not live here: who is in need and when (careers.py), which schools there are (others.py).

A whole roll would be 170,000 pupils a term, which takes longer to take in than all else together and says no more: the export here holds the pupils
of school age who had a social worker in the twelve months before the term's end, and a sample of their schoolmates. Absence and
suspensions of children in need follow the figures of cal.SCHOOL; needs, moves and schoolmates' figures are synthetic.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from ingest.synthetic import calibration as cal
from ingest.synthetic.agencies import chance
from ingest.synthetic.careers import Careers
from ingest.synthetic.defects import Planter, each, put
from ingest.synthetic.population import Array, draw, years
from ingest.synthetic.world import World
from ingest.synthetic.writers import Delivery
from ingest.synthetic.written import person

KEY: Final = "school/school_census"
#: Terms whose census is due before the data end: id, first day, last day, whether the export still has totals of absence.
TERMS: Final = tuple(
    (f"{y - 1}-{y % 100}-T{n}", np.datetime64(first), np.datetime64(last), y < 2025 or n == 1)
    for y in cal.SCHOOL_YEARS
    for n, first, last in (
        (1, f"{y - 1}-09-01", f"{y - 1}-12-31"),
        (2, f"{y}-01-01", f"{y}-03-31"),
        (3, f"{y}-04-01", f"{y}-08-31"),
    )
    if (y, n) != (cal.SCHOOL_YEARS[-1], 3)
)
SCHOOLMATES: Final = 0.006  # of the other children of school age
MOVES: Final = 0.012  # of pupils, in a term
POSSIBLE: Final = {1: 126, 2: 140, 3: 118}  # sessions of the term before the census
#: Share of children in need: missing 10% and 50% of sessions; suspended and excluded in a year (2024/25 and 2024).
#: Partnership data specification ED10 and ED11, Staffordshire and Stoke-on-Trent.
ABSENCE: Final = ((0.386, 0.082), (0.449, 0.112))
EXCLUSION: Final = ((0.1221, 0.0147), (0.1921, 0.0157))
OTHERS_ABSENCE, OTHERS_EXCLUSION = (0.17, 0.02), (0.04, 0.001)
REASONS: Final = {
    "DB": 45,
    "PP": 17,
    "VA": 18,
    "PA": 7,
    "DM": 3,
    "DA": 3,
    "OW": 2,
    "BU": 2,
    "RA": 1,
    "TH": 1,
    "MT": 1,
}
NEEDS: Final = {"N": 55, "K": 25, "E": 20}
TOTALS: Final = ("sessions_authorised", "sessions_unauthorised")


def deliveries(world: World) -> Iterator[Delivery]:
    """One set of files a team and term, as exported after the census day."""
    rng = world.population.rng("school-census-sending")
    for area in (0, 1):
        for term, first, last, totals in TERMS:
            tables = _tables(world, area, term, first, last, totals)
            yield world.sent(KEY, cal.EDUCATION[area], term, f"school_census_{term}", tables, None, rng)


def _tables(
    world: World, area: int, term: str, first: np.datetime64, last: np.datetime64, totals: bool
) -> dict[str, pd.DataFrame]:
    pop, rng = world.population, world.population.rng(f"school-census-{area}-{term}")
    child, in_need = _pupils(world, world.careers[area], area, last)
    year, number = int(term[:4]) + 1, int(term[-1])
    year_group = (
        year - 1 - years(pop.birth(child) + np.timedelta64(122, "D")) - 4
    )  # September births are the oldest
    schools = _schools(world, area, year, child, year_group)
    authorised, unauthorised = _absence(area, child, in_need, number)
    moved = chance(child, 700 + year * 3 + number) < MOVES
    before = _schools(world, area, year, child + 7, year_group)
    entered = _entered(pop.birth(child), year_group, first, moved)
    who = person(pop, child, "school", first)
    roll = _frame(
        pupil_id=_ids(area, child), school_ref=schools, upn=pop.upn(child), former_upn="", forename=who.forename, surname=who.surname,
        birth_date=_day(who.birth), sex=who.sex, entered_on=_day(entered), nc_year=_nc(year_group),
        enrolment_status="C", part_time="False", sen_provision=_needs(child, in_need), sen_unit="False", resourced_provision="False",
        sessions_possible=f"{POSSIBLE[number]}.0", sessions_authorised=_count(authorised) if totals else "",
        sessions_unauthorised=_count(unauthorised) if totals else "", summer2_possible="58.0" if number == 1 else "", summer2_authorised="",
        summer2_unauthorised="", _child=child,
    )  # fmt: skip
    tables = {"pupil_on_roll": roll, "pupil_no_longer_on_roll": _left(roll, before, first, moved)}
    tables["termly_exclusions_on_roll"] = _exclusions(rng, area, roll, in_need, child, first, last)
    if not totals:
        tables["termly_session_details_on_roll"] = _by_code(roll, authorised, unauthorised)
    return {k: v for k, v in tables.items() if len(v)}


def _pupils(world: World, careers: Careers, area: int, last: np.datetime64) -> tuple[Array, Array]:
    """Children of school age on the term's last day: with a social worker in the year before it, and a sample of the others."""
    pop = world.population
    e = careers.episodes
    ref, close = (e[c].to_numpy().astype("datetime64[D]") for c in ("ref", "close"))
    served = (ref <= last) & (np.isnat(close) | (close >= last - 365)) & ~e["nfa"].to_numpy(bool)
    known = np.unique(e["child"].to_numpy()[served])
    start = np.datetime64(f"{int(str(last)[:4]) - (int(str(last)[5:7]) < 9)}-08-31")
    age = (start - pop.children["birth"].to_numpy().astype("datetime64[D]")).astype(int) / 365.25
    everyone = np.arange(len(age))
    moved = pop.children["moved"].to_numpy().astype("datetime64[D]") <= last
    lives_in = np.where(moved, 1 - pop.children["area"].to_numpy(), pop.children["area"].to_numpy())
    of_age = (age >= 4) & (age < 16) & (lives_in == area) & pop.lives(everyone, last)
    # A child who has a new identity is in the sample for certain.
    mates = np.flatnonzero(of_age & ((chance(everyone, 701) < SCHOOLMATES) | (pop.children["origin"] >= 0)))
    child = np.union1d(known[of_age[known]], mates)
    return child, np.isin(child, known)


def _schools(world: World, area: int, year: int, child: Array, year_group: Array) -> Array:
    """A school of the right phase for each child, by the number that outlives a conversion; a child's for good."""
    register = world.frames["schools"][area][year]["register"]
    register = register[register["status"] == "OPEN"]
    secondary = register["phase"].astype(str).str.contains("SEC|Secondary", case=False).to_numpy()
    out = np.empty(len(child), dtype=object)
    for older in (False, True):
        numbers = register["laestab"].to_numpy(object)[secondary == older]
        numbers = np.sort(numbers if len(numbers) else register["laestab"].to_numpy(object))
        here = (year_group >= 7) == older
        out[here] = numbers[(chance(child[here], 703) * len(numbers)).astype(int)]
    return out


def _absence(area: int, child: Array, in_need: Array, number: int) -> tuple[Array, Array]:
    """Sessions of authorised and unauthorised absence. Who misses school is a child's own, so it lasts from term to term."""
    need, others = ABSENCE[area], OTHERS_ABSENCE
    persistent = np.where(in_need, need[0], others[0])
    severe = np.where(in_need, need[1], others[1])
    place, within = chance(child, 704), chance(child, 705)
    share = np.where(
        place < severe, 0.5 + 0.5 * within, np.where(place < persistent, 0.1 + 0.39 * within, 0.099 * within)
    )
    possible = POSSIBLE[number]
    # Ten and fifty per cent are counted in whole sessions.
    missed = np.where(place < persistent, np.ceil(share * possible), np.floor(share * possible)).astype(int)
    excused = np.floor(missed * (0.45 + 0.3 * chance(child, 706))).astype(int)
    return excused, missed - excused


def _exclusions(
    rng: np.random.Generator,
    area: int,
    roll: pd.DataFrame,
    in_need: Array,
    child: Array,
    first: np.datetime64,
    last: np.datetime64,
) -> pd.DataFrame:
    """Suspensions and permanent exclusions that began in the term; a child who is suspended in a year is in about two terms of it."""
    suspended = np.where(in_need, EXCLUSION[area][0], OTHERS_EXCLUSION[0]) * 0.45
    excluded = np.where(in_need, EXCLUSION[area][1], OTHERS_EXCLUSION[1]) / 3
    times = np.where(rng.random(len(child)) < suspended, rng.integers(1, 4, len(child)), 0)
    rows = np.r_[np.repeat(np.arange(len(child)), times), np.flatnonzero(rng.random(len(child)) < excluded)]
    n, ended = len(rows), int((last - first).astype(int))
    permanent = np.arange(n) >= times.sum()
    started = np.busday_offset(
        first + rng.integers(0, ended - 12, n).astype("timedelta64[D]"), 0, roll="forward"
    )
    return _frame(
        pupil_id=roll["pupil_id"].to_numpy(object)[rows],
        exclusion_id=np.char.add(f"X{area}{str(first)[2:4]}{str(first)[5:7]}", np.char.zfill(np.arange(n).astype(str), 5)).astype(object),
        school_ref=roll["school_ref"].to_numpy(object)[rows], started_on=_day(started), category=np.where(permanent, "PERM", "SUSP").astype(object),
        reason_1=draw(rng, REASONS, n), reason_2="", reason_3="",
        sessions=np.where(permanent, "", (2 * rng.integers(1, 6, n)).astype(str).astype(object) + ".0").astype(object),
        sen_provision=roll["sen_provision"].to_numpy(object)[rows], _child=child[rows],
    )  # fmt: skip


def _by_code(roll: pd.DataFrame, authorised: Array, unauthorised: Array) -> pd.DataFrame:
    """Sessions by attendance code, where the census has no totals."""
    parts = [
        _frame(pupil_id=roll["pupil_id"].to_numpy(object)[some], attendance_code=code, sessions=_count(count[some]), _child=roll["_child"].to_numpy()[some])
        for code, count in (("I", authorised - authorised // 5), ("C2", authorised // 5), ("O", unauthorised - unauthorised // 6), ("U", unauthorised // 6))
        if (some := count > 0).any()
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _left(roll: pd.DataFrame, before: Array, first: np.datetime64, moved: Array) -> pd.DataFrame:
    """Pupils who changed schools since the last census, as the school that they left lists them."""
    gone = roll[moved & (before != roll["school_ref"].to_numpy(object))]
    return _frame(
        **{c: gone[c].to_numpy(object) for c in ("pupil_id", "school_ref", "upn", "former_upn", "forename", "surname", "birth_date", "sex")},
        entered_on="", left_on=_day(np.full(len(gone), first - 9)), nc_year=gone["nc_year"].to_numpy(object), part_time="False",
        sessions_possible="", sessions_authorised="", sessions_unauthorised="", summer2_possible="", summer2_authorised="",
        summer2_unauthorised="", _child=gone["_child"].to_numpy(),
    ).assign(school_ref=before[gone.index], pupil_id=gone["pupil_id"].to_numpy(object) + "L")  # fmt: skip


def _entered(born: Array, year_group: Array, first: np.datetime64, moved: Array) -> Array:
    """Reception or year 7, or the first days of the term for those who have just come."""
    september = years(born + np.timedelta64(122, "D")) + np.where(year_group >= 7, 12, 5) - 1
    joined = (september - 1970).astype("datetime64[Y]").astype("datetime64[D]") + 246
    return np.where(moved, first + 5, np.minimum(joined, first + 2))


def _needs(child: Array, in_need: Array) -> Array:
    """Special educational needs provision; a child's for good, more often met among children in need. Synthetic."""
    place = chance(child, 707)
    share = np.array(list(NEEDS.values()), dtype=float).cumsum() / sum(NEEDS.values())
    mine = np.array(list(NEEDS), dtype=object)[np.minimum(np.searchsorted(share, place), len(NEEDS) - 1)]
    return np.where(in_need, mine, np.where(place < 0.83, "N", np.where(place < 0.955, "K", "E"))).astype(
        object
    )


def _nc(year_group: Array) -> Array:
    return np.where(year_group <= 0, "R", np.minimum(year_group, 13).astype(str)).astype(object)


def _ids(area: int, child: Array) -> Array:
    return np.char.add(f"{cal.LA[area]}p", np.char.zfill(child.astype(str), 7)).astype(object)


def _day(days: Array) -> Array:
    """As the export writes a date: 2024-Sep-03 00:00:00."""
    text = days.astype("datetime64[D]").astype(str).astype(object)
    months = dict(
        zip(
            (f"{m:02d}" for m in range(1, 13)),
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
            strict=True,
        )
    )
    series = pd.Series(text, dtype=object)
    return (series.str[:5] + series.str[5:7].map(months) + series.str[7:] + " 00:00:00").to_numpy(object)


def _count(sessions: Array) -> Array:
    return (sessions.astype(str).astype(object) + ".0").astype(object)


def _frame(**columns: object) -> pd.DataFrame:
    """A frame of object columns; a single text fills its column."""
    size = max((len(c) for c in columns.values() if isinstance(c, np.ndarray)), default=0)
    return pd.DataFrame(
        {k: v if isinstance(v, np.ndarray) else np.full(size, v, dtype=object) for k, v in columns.items()}
    )


def plant(p: Planter) -> None:
    """Faults that a careful reader mends or tells of."""
    p.cells(KEY, "termly_exclusions_on_roll", "category", 40, put("fixed term"), "earlier name of a code", "codelist_spelling", "mended",
            where=lambda f: f["category"] == "SUSP")  # fmt: skip
    p.cells(
        KEY,
        "pupil_on_roll",
        "sen_provision",
        25,
        put("EHCP"),
        "code in words",
        "codelist_spelling",
        "mended",
        where=lambda f: f["sen_provision"] == "E",
    )
    p.cells(
        KEY,
        "pupil_on_roll",
        "entered_on",
        15,
        each(lambda s: s.split(" ")[0][:4] + "-13-45 00:00:00"),
        "a day that is none",
        "readable",
        "warned",
    )
