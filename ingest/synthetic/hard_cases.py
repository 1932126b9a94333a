"""Children whose identity is hard to follow: who move between the councils, who are adopted or get another identity, and what makes others hard.

Lives here: moves between the councils, new identities after adoption (and after a few special guardianship orders), and the label of
every record in the truth that says why it is hard.
Add here: another case that needs more than names (names.py) or an agency's way of writing (written.py).
Must not live here: decoys in files (defects.py).

A child who is adopted has another identity from that day on: another NHS number and UPN, another surname, mostly the same forename,
another home, other local numbers everywhere. In the population it is a child of its own, and the truth never joins the two. How many
children move between the councils, and how many guardians change a name, is synthetic.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
import pandas as pd

from ingest.synthetic import calibration as cal
from ingest.synthetic import written
from ingest.synthetic.agencies import council_id, nominal
from ingest.synthetic.careers import Careers
from ingest.synthetic.days import BUSDAYS, add_working_days, fy_end, plus
from ingest.synthetic.extracts import looked_after
from ingest.synthetic.names import Array, fate
from ingest.synthetic.population import Population, draw
from ingest.synthetic.world import World

#: Children at full size, from each council to the other, in the three years.
COUNCIL_MOVES: Final = 60
#: Of children who left care to a special guardian: who got another identity; at least one if there is any.
GUARDIANS: Final = 0.04
#: Adoptive families in the same council's area; children with a new identity whom the council meets again; how likely trouble is.
SAME_AREA, KNOWN_AGAIN, TROUBLE = 0.7, 0.4, 3.0
LATEST: Final = np.datetime64(
    "2026-02-01"
)  # of a referral made here, so that it can be assessed before the data end


def hardened(world: World) -> World:
    """The world with children who move between the councils and children with new identities."""
    world = _moved(world)
    care = tuple(looked_after.care_of(world, area) for area in (0, 1))
    return _renewed(replace(world, frames={**world.frames, "care": care}), care)


# --- from one council to the other


def _moved(world: World) -> World:
    """Some children whose case one council has closed are referred to the other one after they moved."""
    pop = world.population
    busy = np.unique(np.r_[_children_missing(world), world.frames["health"]["_child"].to_numpy().astype(int)])
    moved = pop.children["moved"].to_numpy().astype("datetime64[D]").copy()
    careers = list(world.careers)
    for area in (0, 1):
        e = world.careers[area].episodes
        close = _d(e["close"])
        still = e["child"].to_numpy()[np.isnat(close)]
        last = pd.Series(close.astype("datetime64[s]")).groupby(e["child"].to_numpy()).max()
        child, closed = last.index.to_numpy(), last.to_numpy().astype("datetime64[D]")
        young = (closed - pop.birth(child)).astype(int) < 5400
        fits = (closed >= np.datetime64("2022-06-01")) & (closed <= np.datetime64("2025-06-30")) & young
        fits &= ~np.isin(child, still) & ~np.isin(child, busy) & ~pop.names.one_name[child]
        child, closed = child[fits], closed[fits]
        pick = np.sort(np.argsort(fate(child, "council move"), kind="stable")[: pop.count(COUNCIL_MOVES, 3)])
        child, closed = child[pick], closed[pick]
        moved[child] = closed + 10 + (fate(child, "council move day") * 90).astype(int)
        referred = moved[child] + 5 + (fate(child, "council move referral") * 90).astype(int)
        careers[1 - area] = _referred(pop, careers[1 - area], child, referred, f"council-moves-{area}")
    children = pop.children.assign(moved=moved.astype("datetime64[s]"))
    return replace(world, population=replace(pop, children=children), careers=(careers[0], careers[1]))


def _children_missing(world: World) -> Array:
    return np.r_[world.missing.police["child"].to_numpy(), world.missing.council["child"].to_numpy()].astype(
        int
    )


def _referred(pop: Population, careers: Careers, child: Array, ref: Array, name: str) -> Careers:
    """The careers with one more referral each, assessed and served for a while."""
    keep = ref <= LATEST
    child, ref = child[keep], ref[keep]
    n, rng = len(child), pop.rng(name)
    ref = np.busday_offset(ref, 0, roll="forward", busdaycal=BUSDAYS) if n else ref
    auth = add_working_days(ref, rng.integers(15, 40, n))
    close = plus(auth, rng.integers(40, 500, n))
    first, made = len(careers.episodes), len(careers.assessments)
    episodes = {
        "child": child, "ref": ref, "close": np.where(close > fy_end(cal.LAST_YEAR), np.datetime64("NaT"), close), "nfa": np.zeros(n, bool),
        "reason": np.full(n, "RC7", dtype=object), "source": draw(rng, cal.SOURCES[careers.area], n), "need": draw(rng, cal.NEEDS, n),
        "second_id": np.zeros(n, bool),
    }  # fmt: skip
    assessments = {"episode": np.arange(first, first + n), "start": ref, "auth": auth}
    factors = {"assessment": np.arange(made, made + n), "factor": np.full(n, "21", dtype=object)}
    return replace(
        careers,
        episodes=_more(careers.episodes, episodes),
        assessments=_more(careers.assessments, assessments),
        factors=_more(careers.factors, factors),
    )


def _more(frame: pd.DataFrame, rows: dict[str, Array]) -> pd.DataFrame:
    """The frame with further rows, its columns' types kept."""
    new = pd.DataFrame({c: pd.Series(rows[c]).astype(frame[c].dtype) for c in frame.columns})
    return pd.concat([frame, new], ignore_index=True) if len(new) else frame


# --- another identity


def _renewed(world: World, care: tuple[looked_after.Care, ...]) -> World:
    pop = world.population
    old, day = _ended(pop, care)
    children = pop.children
    until = children["until"].to_numpy().astype("datetime64[s]").copy()
    until[old] = day.astype("datetime64[s]")
    area = children["area"].to_numpy()[old]
    area = np.where(fate(old, "adoptive area") < SAME_AREA, area, 1 - area)
    # Brothers and sisters who are adopted on one day stay together.
    together = np.stack([children["family"].to_numpy()[old], day.astype(np.int64), area])
    _, home = np.unique(together, axis=1, return_inverse=True)
    rows = children.iloc[old].assign(
        area=area,
        family=int(children["family"].max()) + 1 + home.ravel(),
        vulnerable=TROUBLE,
        since=day.astype("datetime64[s]"),
        origin=old,
    )
    rows = rows.sort_values(["family", "birth"], kind="stable")
    children = pd.concat([children.assign(until=until), rows], ignore_index=True)
    new = replace(pop, children=children)
    child = np.arange(len(pop.children), len(children))
    again = child[fate(child, "known again") < KNOWN_AGAIN]
    ref = _d(children["since"])[again] + 60 + (fate(again, "known again on") * 340).astype(int)
    careers = [
        _referred(new, c, again[here], ref[here], f"new-identities-{c.area}")
        for c in world.careers
        for here in [children["area"].to_numpy()[again] == c.area]
    ]
    return replace(world, population=new, careers=(careers[0], careers[1]))


def _ended(pop: Population, care: tuple[looked_after.Care, ...]) -> tuple[Array, Array]:
    """(children whose identity ended, the day): the adopted, and a few who left care to a special guardian."""
    child, day = [], []
    for c in care:
        left = _d(c.people["left"])
        ended = c.people["adopted"].to_numpy(bool).copy()
        final = c.episodes.drop_duplicates("person", keep="last")
        reason = (
            final.set_index("person")["reason_episode_ceased"].reindex(np.arange(len(left))).to_numpy(object)
        )
        guardian = np.flatnonzero(
            np.isin(reason, ("E45", "E46", "E47", "E48")) & c.people["calm"].to_numpy(bool)
        )
        luck = fate(c.people["child"].to_numpy()[guardian], "guardian")
        ended[guardian[luck < max(GUARDIANS, luck.min(initial=1.0) + 1e-9)]] = True
        child.append(c.people["child"].to_numpy()[ended])
        day.append(left[ended])
    who, first = np.unique(np.concatenate(child), return_index=True)
    return who, np.concatenate(day)[first]


# --- why a record is hard


def labels(pop: Population, records: pd.DataFrame) -> Array:
    """For each record the words for what makes it hard, with a blank between them, the hardest first; mostly none.

    `records` has agency, local_id, child, shared_upn and unborn.
    """
    out = np.full(len(records), "", dtype=object)
    for word, true in _cases(pop, records).items():
        out = np.where(true, np.where(out == "", word, out + " " + word), out).astype(object)
    return out


def _cases(pop: Population, records: pd.DataFrame) -> dict[str, Array]:
    """What can make a record hard -> whether it does."""
    child, agency = records["child"].to_numpy().astype(np.int64), records["agency"].to_numpy(object)
    names, children = pop.names, pop.children
    everyone = np.arange(len(children))
    twin = names.lead != everyone
    twin[names.lead[twin]] = True
    local, second = records["local_id"].to_numpy(object), np.zeros(len(records), bool)
    for ids in (nominal(child, np.ones(len(child), bool)), *(council_id(a, child, True) for a in (0, 1))):
        second |= local == ids
    other_spelling, stand_in = np.zeros(len(records), bool), np.zeros(len(records), bool)
    for name in written.HABITS:
        here = np.flatnonzero(agency == name)
        opened_twice = second[here] & (name == "police")
        other_spelling[here] = written.transliterated(pop, child[here], name, opened_twice)
        stand_in[here] = written.stood_in(pop, child[here], name, opened_twice)
    return {
        "identity_ended": ~np.isnat(_d(children["until"]))[child],
        "new_identity": children["origin"].to_numpy()[child] >= 0,
        "same_name_sibling": names.one_name[child],
        "twin": twin[child],
        "shared_upn": records["shared_upn"].to_numpy(bool),
        "council_move": ~np.isnat(_d(children["moved"]))[child],
        "second_record": second,
        "unborn": records["unborn"].to_numpy(bool),
        "stand_in_birth": stand_in,
        "transliterated": other_spelling,
        "name_change": ~np.isnat(names.changed)[child],
        "protected_address": written.protected(pop, child),
    }


def _d(column: pd.Series) -> Array:
    return column.to_numpy().astype("datetime64[D]")
