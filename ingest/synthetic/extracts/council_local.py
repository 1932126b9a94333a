"""What the extracts that the councils send in our own layouts share: ids, days, districts, and deliveries by period.

Lives here: helpers of the modules council_front_door, council_protection and council_other.
Add here: another thing that two of them need.
Must not live here: the rows of an extract.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import pandas as pd

from ingest.agreement import load_agreements
from ingest.contract import Table
from ingest.synthetic import calibration as cal
from ingest.synthetic.agencies import chance, council_id
from ingest.synthetic.careers import Careers
from ingest.synthetic.days import NEVER, plus
from ingest.synthetic.population import Array, Population
from ingest.synthetic.world import World
from ingest.synthetic.writers import Delivery, Style

Day = np.datetime64
Tables = dict[str, pd.DataFrame]

LAST: Final = np.datetime64("2026-03-31")
PREFIX: Final = ("STF", "SOT")
#: ONS codes of the districts in which each council's families live.
DISTRICTS: Final = (
    ("E07000192", "E07000193", "E07000194", "E07000195", "E07000196", "E07000197", "E07000198", "E07000199"),
    ("E06000021",),
)


def flow_start(key: str, area: int) -> Day:
    """The first day of the first period that the agreement expects."""
    first = load_agreements().for_flow(key, cal.COUNCILS[area])[0].flows[key].returns_from
    if first is None:
        raise ValueError(f"{key} is expected from no day on")
    return np.datetime64(first)


def months(first: Day) -> list[tuple[str, Day, Day]]:
    """(id, first day, last day) of every month to the end of the world."""
    month, out = first.astype("datetime64[M]"), []
    while month.astype("datetime64[D]") <= LAST:
        out.append((str(month), month.astype("datetime64[D]"), (month + 1).astype("datetime64[D]") - 1))
        month = month + 1
    return out


def quarters(first: Day) -> list[tuple[str, Day, Day]]:
    """(id, first day, last day) of every quarter of the financial year."""
    month, out = first.astype("datetime64[M]"), []
    while month.astype("datetime64[D]") <= LAST:
        since = month.astype(int) - 3  # months from April 1970
        year, number = 1970 + since // 12, since % 12 // 3 + 1
        name = f"{year}-{(year + 1) % 100:02d}-Q{number}"
        out.append((name, month.astype("datetime64[D]"), (month + 3).astype("datetime64[D]") - 1))
        month = month + 3
    return out


def terms(first: Day) -> list[tuple[str, Day, Day]]:
    """(id, first day, last day) of every school term: September, January and April begin one."""
    out: list[tuple[str, Day, Day]] = []
    for year in range(int(str(first)[:4]), int(str(LAST)[:4]) + 1):
        for number, start, end, back in ((2, "01-01", "03-31", 1), (3, "04-01", "08-31", 1), (1, "09-01", "12-31", 0)):  # fmt: skip
            name = f"{year - back}-{(year - back + 1) % 100:02d}-T{number}"
            span = (name, np.datetime64(f"{year}-{start}"), np.datetime64(f"{year}-{end}"))
            if span[1] >= first and span[2] <= LAST:
                out.append(span)
    return out


PERIODS: Final = {"month": months, "quarter": quarters, "term": terms}


def dated(column: pd.Series) -> Array:
    return column.to_numpy().astype("datetime64[D]")


def numbered(prefix: str, n: int) -> Array:
    """References in the order of the rows: SOT-V000001."""
    return prefix + np.char.zfill(np.arange(1, n + 1).astype(str), 6).astype(object)


def episode_id(careers: Careers, episode: Array) -> Array:
    """The council's child id under which an episode is kept: the second one while a wrong record was open."""
    e = careers.episodes
    return council_id(careers.area, e["child"].to_numpy()[episode], e["second_id"].to_numpy()[episode])


def entered(rng: np.random.Generator, when: Array, cut: Array | Day, lag: float = 1.6) -> Array:
    """The day on which something was typed in: soon after it happened, and before the file was made."""
    happened = when.astype("datetime64[D]")
    typed = plus(happened, rng.exponential(lag, len(happened)).astype(int))
    return np.maximum(np.minimum(typed, cut), happened)


def living_in(pop: Population, area: int, first: Day, last: Day) -> tuple[Array, Array]:
    """(children of the area who were between nothing and 17 then, how likely trouble finds each)."""
    born = pop.children["birth"].to_numpy().astype("datetime64[D]")
    inside = (pop.children["area"].to_numpy() == area) & (born < first) & ((last - born).astype(int) < 6500)
    everyone = np.arange(len(born))
    moved = pop.children["moved"].to_numpy().astype("datetime64[D]") <= last
    pool = np.flatnonzero(inside & ~moved & pop.lives(everyone, first) & pop.lives(everyone, last))
    weight = pop.children["vulnerable"].to_numpy()[pool] + 0.01
    return pool, weight / weight.sum()


def home_district(pop: Population, area: int, child: Array, moved: Array | bool = False) -> Array:
    """The district of a family's home; another one when it has moved."""
    family = pop.children["family"].to_numpy()[child]
    names = np.array(DISTRICTS[area], dtype=object)
    return names[(family * 31 + np.where(moved, 3, 0)) % len(names)]


def moves_on(child: Array) -> Array:
    """The day on which a child moves house in 2025-26; NaT for the many who do not."""
    day = np.datetime64("2025-04-15") + (chance(child, 101) * 330).astype("timedelta64[D]")
    return np.where(chance(child, 103) < 0.06, day, NEVER)


def ongoing(
    frame: pd.DataFrame, began: str, ended: str, spans: list[tuple[str, Day, Day]]
) -> Iterator[tuple[str, Day, pd.DataFrame]]:
    """(period, its last day, rows known in it): begun by its end and not over before its start. Positions stay in `_at`."""
    start, end = dated(frame[began]), dated(frame[ended])
    for name, first, last in spans:
        inside = np.flatnonzero((start <= last) & (np.isnat(end) | (end >= first)))
        if not len(inside):
            continue
        yield name, last, frame.iloc[inside].assign(_at=inside).reset_index(drop=True)


def until(date: Array, last: Day) -> Array:
    """What a file made for a period can know: later days are still to come."""
    return np.where(date <= last, date, NEVER)


def by_period(
    world: World,
    key: str,
    area: int,
    rows: Callable[[int], Iterator[tuple[str, Tables]]],
    style: Callable[[str], Style] | None = None,
) -> Iterator[Delivery]:
    """One council's deliveries of one extract, sent under that extract's own random numbers.

    A period in which nothing happened has a file with headings and no rows: nothing to report is a return too.
    """
    extract = world.contracts[key]
    rng = world.population.rng(f"{extract.extract}-sending-{area}")
    made = dict(rows(area))
    for period, _, _ in PERIODS[extract.delivery.cadence](flow_start(key, area)):
        given = made.get(period, {})
        frames = {t.name: as_text(given[t.name]) if t.name in given else _nothing(t) for t in extract.tables}
        look = style(period) if style else None
        yield world.sent(
            key, cal.COUNCILS[area], period, f"{extract.extract}_{period}.csv", frames, look, rng
        )


def _nothing(table: Table) -> pd.DataFrame:
    """A frame with the table's columns and no row."""
    names = [f.name for f in table.fields]
    frame = pd.DataFrame({name: np.empty(0, object) for name in names})
    return frame.assign(_child=np.empty(0, np.int64)) if table.identity else frame


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with object columns for what is sent, whatever numpy made of them."""
    return frame.astype({c: object for c in frame.columns if not c.startswith("_")})
