"""LA01: the list of children whom a council's other files speak of.

Lives here: who is on the list of a month, and what it says of them.
Add here: another column of the list.
Must not live here: the other files (the other modules; this one is drawn after them, from what they name).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pandas as pd

from ingest.synthetic import calibration as cal
from ingest.synthetic import truth
from ingest.synthetic.agencies import british, chance, council_upn, has_upn
from ingest.synthetic.days import plus
from ingest.synthetic.defects import Planter, each, put, serial
from ingest.synthetic.extracts.council_local import (
    Day,
    Tables,
    by_period,
    flow_start,
    home_district,
    months,
    moves_on,
)
from ingest.synthetic.population import Array, Population
from ingest.synthetic.world import World
from ingest.synthetic.writers import Delivery, Style
from ingest.synthetic.written import person

CHILDREN: Final = "council/children"
#: A child stays on the list for a year after the last file that speaks of it; a council's first list goes back three.
KEPT: Final = np.timedelta64(366, "D")
KEPT_FIRST: Final = np.timedelta64(1096, "D")
#: Nobody is on the list so long before birth.
PREGNANCY: Final = np.timedelta64(200, "D")
#: How long before its last day a file of each cadence begins.
LENGTH: Final = {
    cadence: np.timedelta64(days, "D")
    for cadence, days in {"month": 27, "quarter": 89, "term": 89, "financial_year": 364}.items()
}


def deliveries(world: World, sent: Sequence[Delivery]) -> Iterator[Delivery]:
    """One list a council and month. `sent` is everything else that was sent."""
    for area in (0, 1):
        named = _named(world, sent, cal.COUNCILS[area])

        def lists(_: int, area: int = area, named: pd.DataFrame = named) -> Iterator[tuple[str, Tables]]:
            return _lists(world.population, area, named)

        yield from by_period(
            world, CHILDREN, area, lists, lambda _: Style(drop=("former_upn", "disability_3", "disability_4"))
        )


def _named(world: World, sent: Sequence[Delivery], council: str) -> pd.DataFrame:
    """(local_id, child, first, last): every child that the council's files name, and the days between which they do."""
    parts = []
    for d in sent:
        if d.submitter != council or d.agency != "council":
            continue
        end = truth.last_day(d)
        start = end - LENGTH.get(world.contracts[d.key].delivery.cadence, np.timedelta64(0, "D"))
        for table in world.contracts[d.key].tables:
            if table.identity is None or not table.identity.local_id or table.name not in d.tables:
                continue
            frame = d.tables[table.name]
            mine = pd.DataFrame(
                {
                    "local_id": frame[table.identity.local_id].to_numpy(object),
                    "child": frame["_child"].to_numpy(np.int64),
                }
            ).drop_duplicates()
            parts.append(mine[mine["local_id"] != ""].assign(first=start, last=end))
    every = pd.concat(parts, ignore_index=True)
    return (
        every.groupby(["local_id", "child"], sort=True)
        .agg(first=("first", "min"), last=("last", "max"))
        .reset_index()
    )


def _lists(pop: Population, area: int, named: pd.DataFrame) -> Iterator[tuple[str, Tables]]:
    child = named["child"].to_numpy(np.int64)
    first, last = (named[c].to_numpy().astype("datetime64[D]") for c in ("first", "last"))
    born = pop.birth(child)
    opening = flow_start(CHILDREN, area)
    for period, start, end in months(opening):
        kept = KEPT_FIRST if start == opening else KEPT
        here = (first <= end) & (last + kept >= start) & (born - PREGNANCY <= end)
        yield (
            period,
            {"children": _rows(pop, area, named["local_id"].to_numpy(object)[here], child[here], end)},
        )


def _rows(pop: Population, area: int, ids: Array, child: Array, last: Day) -> pd.DataFrame:
    born = pop.birth(child)
    unborn = born > last
    who = person(pop, child, "council", last)
    yes, no = ("1", "0") if area == 0 else ("Yes", "No")
    known = has_upn(pop, child, last)
    young = (last - born).astype(int) <= 1700
    disabled = pop.children["disabled"].to_numpy()[child]
    one = np.array(cal.DISABILITIES, dtype=object)[
        (chance(child, 61) ** 1.6 * len(cal.DISABILITIES)).astype(int)
    ]
    two = disabled & (chance(child, 71) < 0.3) & (one != "BEH")
    none = ~disabled & (chance(child, 67) < 0.3)
    elsewhere = chance(child, 107) < 0.012
    return pd.DataFrame(
        {
            "la_child_id": ids,
            "la_code": cal.LA[area],
            "snapshot_on": british(np.full(len(ids), last)),
            "upn": np.where(known, council_upn(pop, area, child), ""),
            "former_upn": "",
            "upn_unknown": np.where(
                known, "", np.where(young, "UN1", np.where(chance(child, 47) < 0.5, "UN2", "UN4"))
            ),
            "nhs_number": np.where((chance(child, 41) < 0.94) & ~unborn, pop.nhs(child), ""),
            "forename": np.where(unborn, "", who.forename),
            "surname": who.surname,
            "birth_date": np.where(unborn, "", british(born)),
            "expected_birth_date": np.where(
                unborn, british(plus(born, np.rint((chance(child, 43) - 0.5) * 24).astype(int))), ""
            ),
            "is_unborn": np.where(unborn, yes, no),
            "death_date": "",
            "sex": np.where(unborn, "U", pop.children["sex"].to_numpy()[child]),
            "ethnicity": pop.children["ethnicity"].to_numpy()[child],
            "disability_1": np.where(disabled, one, np.where(none, "NONE", "")),
            "disability_2": np.where(two, "BEH", ""),
            "disability_3": "",
            "disability_4": "",
            "home_la": np.where(elsewhere, "OTH", cal.LA[area]),
            "home_district": np.where(
                elsewhere, "OTHER", home_district(pop, area, child, moves_on(child) <= last)
            ),
            "postcode": who.postcode,
            "_child": child,
        }
    )


def plant(p: Planter) -> None:
    """Faults that a careful reader mends or that are warned of."""
    p.cells(CHILDREN, "children", "birth_date", 12, each(serial), "Excel serial date", "mended", "mended")
    p.cells(
        CHILDREN, "children", "disability_1", 10, put("NONE"), "no disability and a disability", "LA01-8790", "warned",
        where=lambda f: (f["disability_2"] != "").to_numpy(),
    )  # fmt: skip
    p.cells(
        CHILDREN,
        "children",
        "sex",
        10,
        each(lambda s: {"F": "Fenale", "M": "Male", "U": "Unborn"}[s]),
        "typo in a code",
        "codelist_spelling",
        "mended",
    )
    p.cells(
        CHILDREN, "children", "postcode", 8, each(lambda s: s.replace("ST1", "STI")), "letter O for nought in a postcode", None, "warned"
    )  # fmt: skip
