"""The councils' copy of the DfE's children's social care feed: every child as the case system has it, one file a council.

Lives here: what the feed's JSON shows of the true careers on the day it is made.
Add here: another list of the payload.
Must not live here: what happens to children (careers.py), the JSON (writers.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from ingest.synthetic import calibration as cal
from ingest.synthetic.agencies import chance, council_id, council_upn, has_upn, iso
from ingest.synthetic.careers import Careers
from ingest.synthetic.days import NEVER
from ingest.synthetic.defects import Planter, put
from ingest.synthetic.population import Array
from ingest.synthetic.world import World
from ingest.synthetic.writers import Delivery
from ingest.synthetic.written import person

KEY: Final = "council/csc_daily"
MONTH, AS_AT = "2026-05", np.datetime64("2026-05-31")
SINCE: Final = np.datetime64("2025-06-01")  # episodes open in the twelve months before
PURGED: Final = 0.004  # of episodes: opened by mistake and deleted in the case system; synthetic


def deliveries(world: World) -> Iterator[Delivery]:
    """One file a council, made at the end of May 2026. Careers are known to 31 March 2026; what came after is not in it."""
    rng = world.population.rng("social-care-feed-sending")
    for c in world.careers:
        yield world.sent(
            KEY, cal.COUNCILS[c.area], MONTH, f"csc_{cal.LA[c.area]}_{MONTH}.json", _feed(world, c), None, rng
        )


def _feed(world: World, c: Careers) -> dict[str, pd.DataFrame]:
    e = c.episodes
    ref, close = _d(e["ref"]), _d(e["close"])
    inside = np.flatnonzero(np.isnat(close) | (close >= SINCE))
    inside = inside[np.lexsort((ref[inside], e["child"].to_numpy()[inside]))]
    owner = e["child"].to_numpy()[inside]
    head = np.r_[True, owner[1:] != owner[:-1]] if len(owner) else np.empty(0, bool)
    child, parent = owner[head], np.cumsum(head) - 1
    tables = {"children": _children(world, c.area, child)}
    purged = chance(inside, 811) < PURGED
    tables["episodes"] = _frame(
        episode_id=_key("E", inside), referral_date=iso(ref[inside]), referral_source=e["source"].to_numpy(object)[inside],
        referral_nfa=np.where(e["nfa"].to_numpy(bool)[inside], "true", "false"), closure_date=iso(close[inside]),
        closure_reason=np.where(np.isnat(close[inside]), "", np.where(e["nfa"].to_numpy(bool)[inside], "RC8", e["reason"].to_numpy(object)[inside])),
        is_purged=np.where(purged, "true", "false"), _parent=parent,
    )  # fmt: skip
    place = np.full(len(e), -1, np.int64)
    place[inside] = np.arange(len(inside))
    lists = {
        "assessments": (
            c.assessments,
            {"assessment_id": "A"},
            {"started_on": "start", "authorised_on": "auth"},
        ),
        "cin_plans": (c.cin_plans, {"plan_id": "N"}, {"started_on": "start", "ended_on": "end"}),
        "section47": (c.enquiries, {"enquiry_id": "S"}, {"started_on": "start", "icpc_date": "icpc"}),
        "cp_plans": (c.plans, {"plan_id": "P"}, {"started_on": "start", "ended_on": "end"}),
    }
    for name, (source, key, dates) in lists.items():
        tables[name] = _list(source, place, key, dates)
    met = tables["section47"]["icpc_date"].to_numpy(object) != ""
    tables["section47"] = tables["section47"].assign(
        icpc_required=np.where(met, "true", "false").astype(object), ended_on=""
    )
    tables["care_workers"] = _workers(c.area, inside, ref[inside], close[inside])
    return tables


def _children(world: World, area: int, child: Array) -> pd.DataFrame:
    pop = world.population
    born = pop.birth(child)
    unborn = born > AS_AT
    upn = np.where(has_upn(pop, child, AS_AT), council_upn(pop, area, child), "")
    who = person(pop, child, "council", AS_AT)
    return _frame(
        la_child_id=council_id(area, child), mis_child_id="", upn=upn, former_upn="", upn_unknown=np.where(upn == "", "UN1", ""),
        forename=np.where(unborn, "", who.forename), surname=who.surname, birth_date=iso(np.where(unborn, NEVER, born)),
        expected_birth_date=iso(np.where(unborn, born, NEVER)), sex=np.where(unborn, "U", who.sex),
        ethnicity=pop.children["ethnicity"].to_numpy(object)[child], home_district=who.postcode, is_uasc="false", uasc_end_date="",
        is_purged="false", details_purged="false", _child=child,
    )  # fmt: skip


def _list(source: pd.DataFrame, place: Array, key: dict[str, str], dates: dict[str, str]) -> pd.DataFrame:
    """The rows of a list whose episode is in the feed, in the order of the episodes."""
    at = place[source["episode"].to_numpy().astype(np.int64)]
    rows = np.flatnonzero(at >= 0)
    rows = rows[np.argsort(at[rows], kind="stable")]
    ((name, letter),) = key.items()
    columns: dict[str, object] = {name: _key(letter, rows)}
    columns |= {field: iso(_d(source[true])[rows]) for field, true in dates.items()}
    return _frame(**columns, is_purged="false", _parent=at[rows])


def _workers(area: int, episode: Array, ref: Array, close: Array) -> pd.DataFrame:
    """One worker an episode from the day after the referral, by the workers' own numbers in the case system."""
    number = (chance(episode, 813) * 150).astype(int)
    return _frame(
        worker_id=np.char.add(f"W{area}", np.char.zfill(number.astype(str), 4)).astype(object), started_on=iso(ref + 1),
        ended_on=iso(close), _parent=np.arange(len(episode)),
    )  # fmt: skip


def _key(letter: str, rows: Array) -> Array:
    return np.char.add(letter, np.char.zfill(rows.astype(str), 7)).astype(object)


def _d(column: pd.Series) -> Array:
    return column.to_numpy().astype("datetime64[D]")


def _frame(**columns: object) -> pd.DataFrame:
    """A frame of object columns; a single text fills its column."""
    size = max((len(c) for c in columns.values() if isinstance(c, np.ndarray)), default=0)
    return pd.DataFrame(
        {
            k: (v if k.startswith("_") else v.astype(object))
            if isinstance(v, np.ndarray)
            else np.full(size, v, dtype=object)
            for k, v in columns.items()
        }
    )


def plant(p: Planter) -> None:
    """Faults that a careful reader mends or tells of."""
    p.cells(
        KEY,
        "children",
        "sex",
        6,
        put("Female"),
        "code in words",
        "codelist_spelling",
        "mended",
        where=lambda f: f["sex"] == "F",
    )
    p.cells(KEY, "episodes", "referral_source", 5, put("9Z"), "code not in the list", "codelist", "warned")
