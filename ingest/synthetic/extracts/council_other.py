"""The councils' other local returns: children placed here by others (LA10f), the exploitation panel (LA13), private fostering (LA15),
home education and children missing education (LA16), social work posts (LA18), the designated officer (LA19).

Lives here: small flows that hang on nothing but the people, and the panel, which talks about children who go missing.
Add here: another small return of the councils.
Must not live here: open cases (council_protection.py), the front door (council_front_door.py).

Counts are synthetic and modest unless a source stands beside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from ingest.synthetic import calibration as cal
from ingest.synthetic.agencies import MINUTE, british, british_time, chance, council_id, quarter_id
from ingest.synthetic.careers import Careers
from ingest.synthetic.days import NEVER, plus
from ingest.synthetic.defects import Planter, each, put
from ingest.synthetic.extracts.council_local import (
    DISTRICTS,
    LAST,
    PREFIX,
    Tables,
    by_period,
    dated,
    entered,
    flow_start,
    living_in,
    numbered,
    ongoing,
    quarters,
    terms,
    until,
)
from ingest.synthetic.population import VISITOR, Array, Population, draw
from ingest.synthetic.world import World
from ingest.synthetic.writers import Delivery

PLACED, MACE, FOSTERING, EDUCATION, POSTS, LADO = (
    "council/children_placed_here",
    "council/mace",
    "council/private_fostering",
    "council/ehe_cme",
    "council/workforce_posts",
    "council/lado",
)
#: Notices a year at full size.
NOTICES: Final = (210, 90)
PLACERS: Final = (
    "330",
    "333",
    "334",
    "335",
    "336",
    "352",
    "353",
    "831",
    "891",
    "893",
    "894",
)  # authorities nearby, by DfE number
#: Children discussed at a panel a month at full size.
DISCUSSED: Final = (11, 10)
KINDS: Final = {"CCE": 55, "CSE": 33, "OTHER": 12}
RISKS: Final = {"EMERGING": 42, "MODERATE": 38, "SIGNIFICANT": 20}
OLD_WORDS: Final = {"EMERGING": "LOW", "MODERATE": "MEDIUM", "SIGNIFICANT": "HIGH", "": ""}
BROUGHT_BY: Final = ({"POLICE": 42, "STAFFS_CC": 38, "SCHOOLS": 12, "VCSE": 8}, {"POLICE": 40, "STOKE_CC": 42, "SCHOOLS": 10, "VCSE": 8})  # fmt: skip
#: New private fostering arrangements a year at full size.
ARRANGEMENTS: Final = (34, 15)
#: Children educated at home: 1.5 per cent of those aged 5 to 16 in England (domain.md ED07); missing education: 34,700 of about
#: 8.4 million (ED09). New spells a year that keep about such a stock.
AT_HOME, MISSING_EDUCATION = (0.015, 0.017), (0.0042, 0.0055)
EHE_REASONS: Final = {"PHILOSOPHY": 16, "MENTAL": 19, "PHYSICAL": 3, "UNHAPPY": 17, "SEND": 8, "EXCLUSION": 3, "OTHER": 12, "NOTGIVEN": 22}  # fmt: skip
CME_REASONS: Final = {"NOPLACE": 34, "MOVEDIN": 22, "MOVEDOUT": 17, "MENTAL": 5, "UNHAPPY": 5, "EXCLUSION": 3, "OTHER": 9, "NOTGIVEN": 5}  # fmt: skip
#: DfE workforce statistics, reporting year 2025 (domain.md WF05, WF08): vacancies per cent, cases a case holder.
VACANT: Final = (0.199, 0.217)
CASELOAD: Final = (18.4, 18.0)
TEAMS: Final = ("Assessment", "Safeguarding and support", "Children in care")
#: Full-time posts of each role in a team of full size.
ROLES: Final = {"FIRSTLINE": 1.5, "SENPRAC": 3.0, "CASEHOLDER": 9.0, "QUALNOCASE": 0.5}
#: Contacts with the designated officer a year at full size; Devon had 1,445 in 2023-24, 993 of them referrals (domain.md AL01).
ALLEGATIONS: Final = (720, 310)
REFERRALS_OF_CONTACTS: Final = 993 / 1445
SECTORS: Final = {
    "EDUCATION": 38, "EARLYYEARS": 12, "FOSTER": 13, "RESIDENTIAL": 12, "SOCIALCARE": 3, "HEALTH": 6, "POLICE": 1, "TRANSPORT": 4,
    "SPORT": 5, "FAITH": 2, "VCSE": 3, "OTHER": 1,
}  # fmt: skip
WORK: Final = {
    "EDUCATION": ("TEACHING", "SUPPORT"), "EARLYYEARS": ("SUPPORT", "LEADER"), "FOSTER": ("CARER", "CARER"), "RESIDENTIAL": ("CAREWORKER", "LEADER"),
    "SOCIALCARE": ("OTHER", "LEADER"), "HEALTH": ("CLINICAL", "SUPPORT"), "POLICE": ("OTHER", "OTHER"), "TRANSPORT": ("DRIVER", "DRIVER"),
    "SPORT": ("COACH", "VOLUNTEER"), "FAITH": ("VOLUNTEER", "LEADER"), "VCSE": ("VOLUNTEER", "COACH"), "OTHER": ("OTHER", "VOLUNTEER"),
}  # fmt: skip


def deliveries(world: World) -> Iterator[Delivery]:
    """Home education by term, everything else by quarter, of both councils."""
    pop = world.population

    def placed(area: int) -> Iterator[tuple[str, Tables]]:
        for period, frame in _notices(pop, area).groupby("_period", sort=True):
            yield str(period), {"notices": frame.reset_index(drop=True)}

    for area in (0, 1):
        yield from by_period(world, PLACED, area, placed)
        yield from by_period(world, MACE, area, lambda a: _panel(world, a))
        yield from by_period(world, FOSTERING, area, lambda a: _fostering(pop, a))
        yield from by_period(world, EDUCATION, area, lambda a: _education(pop, world.careers[a]))
        yield from by_period(world, POSTS, area, lambda a: _posts(pop, a))
        yield from by_period(world, LADO, area, lambda a: _allegations(pop, a))


def _span_years(key: str, area: int) -> tuple[np.datetime64, int, float]:
    first = flow_start(key, area)
    days = int((LAST - first).astype(int))
    return first, days, days / 365


# --- children placed here


def _notices(pop: Population, area: int) -> pd.DataFrame:
    """LA10f of one council: children whose homes are elsewhere, some with a record here and some without."""
    rng = pop.rng(f"placed-here-{area}")
    first, days, years = _span_years(PLACED, area)
    n = pop.count(NOTICES[area] * years, 24)
    born = pop.children["birth"].to_numpy().astype("datetime64[D]")
    pool = np.flatnonzero(
        (pop.children["area"] == VISITOR) & (born < first) & ((LAST - born).astype(int) < 6500)
    )
    if not len(pool):
        pool = np.flatnonzero((pop.children["area"] == VISITOR) & (born < first))
    child = rng.choice(pool, n)
    notified = np.sort(first + rng.integers(0, days, n).astype("timedelta64[D]"))
    placed = notified - np.where(rng.random(n) < 0.55, rng.integers(-3, 11, n), rng.integers(11, 70, n))
    ended = np.where(rng.random(n) < 0.06, plus(np.maximum(placed, notified), rng.integers(1, 15, n)), NEVER)
    known = chance(child, 109 + area) < 0.6
    yes_nhs = chance(child, 113) < 0.5
    return pd.DataFrame(
        {
            "notification_id": numbered(f"{PREFIX[area]}-N", n),
            "la_code": cal.LA[area],
            "la_child_id": np.where(known, council_id(area, child), ""),
            "nhs_number": np.where(yes_nhs, pop.nhs(child), ""),
            "birth_date": british(pop.birth(child)),
            "sex": pop.children["sex"].to_numpy()[child],
            "placing_la_code": np.array(PLACERS, dtype=object)[child % len(PLACERS)],
            "placed_in": draw(
                rng, {"RESIDENT": 52, "FOSTER": 34, "SUPPORTED": 8, "SCHOOL": 2, "PARENTS": 2, "OTHER": 2}, n
            ),
            "district": np.array(DISTRICTS[area], dtype=object)[rng.integers(0, len(DISTRICTS[area]), n)],
            "placed_on": british(placed),
            "notified_on": british(notified),
            "ended_on": british(until(ended, LAST)),
            "recorded_on": british(entered(rng, notified, LAST + 10, 3.0)),
            "placement_address": "",
            "_period": quarter_id(notified),
            "_child": child,
        }
    )


# --- the exploitation panel


def _panel(world: World, area: int) -> Iterator[tuple[str, Tables]]:
    """LA13 of one council: monthly panels about children of ten and over who go missing, and their risk six months on."""
    pop = world.population
    rng = pop.rng(f"mace-{area}")
    first = flow_start(MACE, area)
    m = world.missing.council
    here = m[m["area"] == area]
    who, times = np.unique(here["child"].to_numpy(), return_counts=True)
    old_enough = (first - pop.birth(who)).astype(int) > 3700
    young_enough = (LAST - pop.birth(who)).astype(int) < 6700
    who, times = who[old_enough & young_enough], times[old_enough & young_enough]
    if not len(who):
        who, times = np.unique(here["child"].to_numpy(), return_counts=True)
    month = np.arange(first.astype("datetime64[M]"), LAST.astype("datetime64[M]") + 1)
    per = pop.count(DISCUSSED[area], 2)
    panels = np.busday_offset(month.astype("datetime64[D]"), 1, roll="forward", weekmask="Wed")
    parts = [
        pd.DataFrame(
            {"child": rng.choice(who, min(per, len(who)), replace=False, p=times / times.sum()), "panel": day}
        )
        for day in panels
    ]
    frame = pd.concat(parts, ignore_index=True)
    n, child, panel = len(frame), frame["child"].to_numpy(), dated(frame["panel"])
    risk = draw(rng, RISKS, n)
    scale = list(RISKS)
    rank = np.array([scale.index(r) for r in risk])
    step = draw(rng, {"-1": 46, "0": 42, "1": 12}, n).astype(int)
    risk_6m = np.array(scale, dtype=object)[np.clip(rank + step, 0, 2)]
    reviewed = np.where(rng.random(n) < 0.83, plus(panel, rng.integers(175, 200, n)), NEVER)
    reference = numbered(f"{PREFIX[area]}-P", n)
    kind, brought = draw(rng, KINDS, n), draw(rng, BROUGHT_BY[area], n)
    typed = entered(rng, panel, LAST + 10, 2.0)
    for period, start, last in quarters(first):
        # Talked about in the quarter, or reviewed in it half a year later.
        at = np.flatnonzero(((panel >= start) & (panel <= last)) | ((reviewed >= start) & (reviewed <= last)))
        looked = reviewed[at] <= last
        level = risk[at].astype(object)
        after = np.where(looked, risk_6m[at], "").astype(object)
        if last < np.datetime64("2025-01-01"):
            level, after = (
                np.array([OLD_WORDS[v] for v in values], dtype=object) for values in (level, after)
            )
        out = pd.DataFrame(
            {
                "discussion_id": reference[at],
                "la_code": cal.LA[area],
                "la_child_id": council_id(area, child[at]),
                "snapshot_on": british(np.full(len(at), last)),
                "panel_date": british(panel[at]),
                "recorded_on": british(typed[at]),
                "exploitation_type": kind[at],
                "risk_level": level,
                "risk_level_6m": after,
                "reviewed_on": british(np.where(looked, reviewed[at], NEVER)),
                "referring_agency": brought[at],
                "panel_notes": "",
                "_child": child[at],
            }
        )
        yield period, {"discussions": out}


# --- private fostering


def _fostering(pop: Population, area: int) -> Iterator[tuple[str, Tables]]:
    """LA15 of one council: arrangements and the visits that fell due."""
    rng = pop.rng(f"private-fostering-{area}")
    first, days, years = _span_years(FOSTERING, area)
    n = pop.count(ARRANGEMENTS[area] * (years + 0.5), 6)
    pool, weight = living_in(pop, area, first, LAST)
    child = rng.choice(pool, n, replace=False, p=weight)
    told = np.sort(first - 180 + rng.integers(0, days + 170, n).astype("timedelta64[D]"))
    began = told - np.where(rng.random(n) < 0.68, rng.integers(1, 45, n), -rng.integers(0, 12, n))
    ended = plus(np.maximum(told, began), 25 + rng.gamma(1.6, 140, n).astype(int))
    why = draw(rng, {"HOME": 52, "AGE": 24, "CARE": 5, "RELATIVE": 9, "MOVED": 6, "OTHER": 4}, n)
    reference = numbered(f"{PREFIX[area]}-A", n)
    typed = entered(rng, told, LAST, 2.0)
    known = pd.DataFrame({"told": told, "ended": ended})
    visits = _fostering_visits(rng, area, told, ended, reference)
    for period, last, part in ongoing(known, "told", "ended", quarters(first)):
        at = part["_at"].to_numpy()
        over = until(ended[at], last)
        arrangements = pd.DataFrame(
            {
                "arrangement_id": reference[at],
                "la_code": cal.LA[area],
                "la_child_id": council_id(area, child[at]),
                "snapshot_on": british(np.full(len(at), last)),
                "notified_on": british(told[at]),
                "started_on": british(began[at]),
                "ended_on": british(over),
                "end_reason": np.where(np.isnat(over), "", why[at]),
                "recorded_on": british(np.minimum(typed[at], last)),
                "carer_name": "",
                "_child": child[at],
            }
        )
        due = quarter_id(dated(visits["_due"])) == period
        yield period, {"arrangements": arrangements, "visits": visits[due].reset_index(drop=True)}


def _fostering_visits(
    rng: np.random.Generator, area: int, told: Array, ended: Array, reference: Array
) -> pd.DataFrame:
    """The first within a week of being told, then every six weeks in the first year and every twelve after it (domain.md AL05)."""
    steps = np.r_[7, 7 + 42 * np.arange(1, 9), 7 + 42 * 8 + 84 * np.arange(1, 8)]
    due = told[:, None] + steps[None, :].astype("timedelta64[D]")
    at, _ = np.nonzero((due <= ended[:, None]) & (due <= LAST))
    due = due[(due <= ended[:, None]) & (due <= LAST)]
    order = np.lexsort((at, due))
    at, due = at[order], due[order]
    n = len(at)
    made = np.where(rng.random(n) < 0.8, due - rng.integers(0, 7, n), due + rng.integers(1, 25, n))
    made = np.maximum(made, told[at])
    month = due.astype("datetime64[M]").astype(int)
    cut = ((month // 3 + 1) * 3).astype("datetime64[M]").astype(
        "datetime64[D]"
    ) + 13  # the quarter's file is made then
    made = np.where((rng.random(n) < 0.95) & (made <= np.minimum(cut, LAST)), made, NEVER)
    done = ~np.isnat(made)
    yes, no = ("1", "0") if area == 0 else ("Yes", "No")
    return pd.DataFrame(
        {
            "visit_id": numbered(f"{PREFIX[area]}-W", n),
            "arrangement_id": reference[at],
            "due_on": british(due),
            "visited_on": british(made),
            "seen_alone": np.where(done, np.where(rng.random(n) < 0.74, yes, no), ""),
            "recorded_on": np.where(done, british(np.where(done, made, due)), ""),
            "_due": due,
        }
    )


# --- not at school


def _education(pop: Population, careers: Careers) -> Iterator[tuple[str, Tables]]:
    """LA16 of one council: spells at home or missing education, term by term; some children move from one to the other."""
    area = careers.area
    rng = pop.rng(f"ehe-cme-{area}")
    spans = terms(flow_start(EDUCATION, area))
    rows = _spells(pop, rng, area, spans[0][1])
    # Known to social care at any time: the case system's id, else the education system's.
    e = careers.episodes
    known = np.zeros(len(pop.children), bool)
    known[e["child"].to_numpy()] = True
    ref, close = dated(e["ref"]), dated(e["close"])
    yes, no = ("1", "0") if area == 0 else ("Yes", "No")
    for period, last, part in ongoing(rows, "began", "ended", spans):
        child = part["child"].to_numpy()
        over = until(dated(part["ended"]), last)
        open_now = np.zeros(len(pop.children), bool)
        open_now[e["child"].to_numpy()[(ref <= last) & (np.isnat(close) | (close > last))]] = True
        census = np.busday_offset(last - 80, 0, roll="forward", weekmask="Thu")
        frame = pd.DataFrame(
            {
                "la_child_id": np.where(
                    known[child], council_id(area, child), "E-" + child.astype(str).astype(object)
                ),
                "la_code": cal.LA[area],
                "census_on": british(np.full(len(part), census)),
                "upn": np.where(chance(child, 11) < 0.93, pop.upn(child), ""),
                "birth_date": british(pop.birth(child)),
                "sex": pop.children["sex"].to_numpy()[child],
                "status": part["status"].to_numpy(object),
                "started_on": british(dated(part["began"])),
                "ended_on": british(over),
                "reason": part["reason"].to_numpy(object),
                "end_reason": np.where(np.isnat(over), "", part["end_reason"]),
                "last_school_urn": np.where(part["had_school"], part["urn"], ""),
                "sw_involved": np.where(open_now[child], yes, no),
                "recorded_on": british(dated(part["typed"])),
                "notes": "",
                "_child": child,
            }
        )
        yield period, {"spells": frame}  # fmt: skip


def _spells(pop: Population, rng: np.random.Generator, area: int, first: np.datetime64) -> pd.DataFrame:
    born = pop.children["birth"].to_numpy().astype("datetime64[D]")
    of_age = np.flatnonzero(
        (pop.children["area"] == area)
        & ((first - born).astype(int) > 1850)
        & ((first - born).astype(int) < 5300)
        & pop.lives(np.arange(len(born)), first)
        & pop.lives(np.arange(len(born)), LAST)
    )
    years = int((LAST - first).astype(int)) / 365
    parts = []
    for status, share, turnover, mean in (
        ("EHE", AT_HOME[area], 0.42, 760),
        ("CME", MISSING_EDUCATION[area], 2.2, 150),
    ):
        n = max(round(len(of_age) * share * (1 + turnover * years)), 6)
        child = rng.choice(of_age, min(n, len(of_age)), replace=False)
        n = len(child)
        stock = np.arange(n) < n / (1 + turnover * years)
        begin = np.where(
            stock, first - rng.integers(1, mean, n), first + rng.integers(0, int(years * 365), n)
        ).astype("datetime64[D]")
        parts.append(
            pd.DataFrame(
                {
                    "child": child,
                    "status": status,
                    "began": begin,
                    "ended": begin
                    + (15 + rng.gamma(1.5, mean / 1.5, n)).astype(int).astype("timedelta64[D]"),
                    "reason": draw(rng, EHE_REASONS if status == "EHE" else CME_REASONS, n),
                    "end_reason": draw(rng, {"SCHOOL": 62, "LEFT": 14, "AGE": 10, "OTHER": 6, "TO_CME": 8}, n)
                    if status == "EHE"
                    else draw(rng, {"SCHOOL": 66, "TO_EHE": 14, "LEFT": 15, "OTHER": 5}, n),
                }
            )
        )
    rows = pd.concat(parts, ignore_index=True).drop_duplicates(
        "child", ignore_index=True
    )  # one spell, and what it leads to
    moves = rows[rows["end_reason"].isin(["TO_CME", "TO_EHE"]) & (rows["ended"] < pd.Timestamp(LAST))]
    k = len(moves)
    second = pd.DataFrame(
        {
            "child": moves["child"],
            "status": np.where(moves["end_reason"] == "TO_CME", "CME", "EHE"),
            "began": dated(moves["ended"]) + 1,
            "ended": dated(moves["ended"])
            + 1
            + (20 + rng.gamma(1.5, 140, k)).astype(int).astype("timedelta64[D]"),
            "reason": "OTHER",
            "end_reason": "SCHOOL",
        }
    )
    rows = pd.concat([rows, second], ignore_index=True)
    rows = rows[(dated(rows["began"]) >= np.datetime64("2018-01-01")) & (dated(rows["ended"]) >= first)]
    rows = rows.sort_values(["began", "child"], kind="stable", ignore_index=True)
    n, school = len(rows), pop.count(cal.SCHOOLS[area], (16, 10)[area])
    urn = (900_000 + area * 40_000 + rng.integers(0, school, n) * 7).astype(str).astype(object)
    return rows.assign(
        had_school=rng.random(n) < 0.8, urn=urn, typed=entered(rng, dated(rows["began"]), LAST, 6.0)
    )


# --- posts


def _posts(pop: Population, area: int) -> Iterator[tuple[str, Tables]]:
    """LA18 of one council: posts by district, team and role, vacancies and caseloads about the published ones.

    A council has its teams whatever the size of the world, so neither posts nor cases shrink with it.
    """
    rng = pop.rng(f"workforce-{area}")
    names = DISTRICTS[area]
    # The city is one district with several teams of a kind.
    teams = [f"{t} {i + 1}" for t in TEAMS for i in range(1 if area == 0 else 5)]
    rows = [(d, t, r) for d in names for t in teams for r in ROLES]
    base = pd.DataFrame(rows, columns=["district", "team", "role"])
    n = len(base)
    for period, _, last in quarters(flow_start(POSTS, area)):
        established = np.array([ROLES[r] for r in base["role"]]) * (
            0.9 + 0.2 * chance(np.arange(n), 211 + area)
        )
        established = np.round(established * 2) / 2
        vacant = np.round(np.clip(established * rng.normal(VACANT[area], 0.09, n), 0, established) * 2) / 2
        covering = np.round(vacant * rng.uniform(0.5, 1.0, n) * 2) / 2
        covering = np.minimum(covering, vacant)
        agency = covering + np.where(rng.random(n) < 0.06, 0.5, 0.0)
        holds = base["role"].isin(["CASEHOLDER", "SENPRAC"]).to_numpy()
        holding = np.where(holds, established - vacant + agency, 0.0)
        cases = np.round(holding * CASELOAD[area] * rng.normal(1.0, 0.08, n))
        text = lambda values: np.char.mod("%.1f", values).astype(object)  # noqa: E731
        frame = pd.DataFrame(
            {
                "la_code": cal.LA[area],
                "snapshot_on": british(np.full(n, last)),
                "district": base["district"],
                "team": base["team"],
                "role": base["role"],
                "fte_established": text(established),
                "fte_filled": text(established - vacant),
                "fte_vacant": text(vacant),
                "fte_agency": text(agency),
                "fte_agency_covering": text(covering),
                "leavers": (rng.random(n) < established * 0.03).astype(int).astype(str),
                "cases_held": np.where(holds, cases.astype(int).astype(str), ""),
                "fte_case_holding": np.where(holds, text(holding), ""),
            }
        )
        yield period, {"posts": frame}


# --- the designated officer


def _allegations(pop: Population, area: int) -> Iterator[tuple[str, Tables]]:
    """LA19 of one council: advice, and referrals that may meet the threshold. No adult and no child is behind a row."""
    rng = pop.rng(f"lado-{area}")
    first, days, years = _span_years(LADO, area)
    n = pop.count(ALLEGATIONS[area] * (years + 0.5), 30)
    day = np.sort(
        np.busday_offset(
            first - 180 + rng.integers(0, days + 175, n).astype("timedelta64[D]"), 0, roll="backward"
        )
    )
    moment = day.astype("datetime64[m]") + (510 + rng.integers(0, 480, n)) * MINUTE
    referral = rng.random(n) < REFERRALS_OF_CONTACTS
    met = referral & (rng.random(n) < 0.52)
    lasts = np.where(referral, 10 + rng.gamma(1.3, 34, n), rng.integers(0, 6, n)).astype(int)
    closed = plus(day, lasts)
    sector = draw(rng, SECTORS, n)
    common = rng.random(n) < 0.72
    role = np.array([WORK[s][0 if c else 1] for s, c in zip(sector, common, strict=True)], dtype=object)
    ends = draw(
        rng, {"SUBSTANTIATED": 31, "UNSUBSTANTIATED": 34, "UNFOUNDED": 24, "FALSE": 8, "MALICIOUS": 3}, n
    )
    criterion = draw(rng, {"HARM": 45, "OFFENCE": 17, "RISK": 20, "SUITABILITY": 18}, n)
    police = met & (rng.random(n) < 0.46)
    yes, no = ("1", "0") if area == 0 else ("Yes", "No")
    reference = numbered(f"{PREFIX[area]}-D", n)
    typed = entered(rng, day, LAST, 2.0)
    known = pd.DataFrame({"day": day, "closed": closed})
    for period, last, part in ongoing(known, "day", "closed", quarters(first)):
        at = part["_at"].to_numpy()
        over = until(closed[at], last)
        done = ~np.isnat(over) & referral[at]
        frame = pd.DataFrame(
            {
                "allegation_id": reference[at],
                "la_code": cal.LA[area],
                "snapshot_on": british(np.full(len(at), last)),
                "contact_at": british_time(moment[at]),
                "recorded_on": british(np.minimum(typed[at], last)),
                "kind": np.where(referral[at], "REFERRAL", "ADVICE"),
                "sector": sector[at],
                "role": role[at],
                "criterion": np.where(referral[at], criterion[at], ""),
                "threshold_met": np.where(referral[at], np.where(met[at], yes, no), ""),
                "police_involved": np.where(referral[at], np.where(police[at], yes, no), ""),
                "outcome": np.where(done & met[at], ends[at], ""),
                "closed_on": british(over),
                "adult_name": "",
                "details": "",
            }
        )
        yield period, {"allegations": frame}


# --- faults


def plant(p: Planter) -> None:
    """Faults that a careful reader mends or that are warned of."""
    p.cells(
        PLACED, "notices", "birth_date", 4, put("01/01/1900"), "stand-in birth date", "LA10f-DOB", "warned"
    )
    p.cells(
        PLACED,
        "notices",
        "placing_la_code",
        5,
        put("Manchester", "35"),
        "digit of a number lost",
        "pattern",
        "warned",
    )
    p.cells(MACE, "discussions", "risk_level", 8, put("High risk"), "code in words", "codelist_spelling", "mended", where=lambda f: (f["risk_level"] == "HIGH").to_numpy())  # fmt: skip
    p.cells(
        MACE,
        "discussions",
        "referring_agency",
        5,
        put("Youth offending", "YOT"),
        "unknown code",
        "codelist",
        "warned",
    )
    p.cells(FOSTERING, "visits", "seen_alone", 3, put("n/k"), "unreadable yes or no", "readable", "warned")
    p.cells(EDUCATION, "spells", "upn", 10, each(str.lower), "lower case", "mended", "mended")
    p.cells(
        EDUCATION,
        "spells",
        "last_school_urn",
        10,
        each(lambda s: s[:5]),
        "digit of a number lost",
        "pattern",
        "warned",
    )
    p.cells(EDUCATION, "spells", "status", 8, each(lambda s: {"EHE": "Elective Home Education", "CME": "Missing Education"}[s]), "code in words", "codelist_spelling", "mended")  # fmt: skip
    p.cells(
        POSTS,
        "posts",
        "cases_held",
        4,
        each(lambda s: f"{s}.0"),
        "number with a trailing .0",
        "mended",
        "mended",
    )
    p.cells(LADO, "allegations", "kind", 8, put("Consultation"), "code in words", "codelist_spelling", "mended", where=lambda f: (f["kind"] == "ADVICE").to_numpy())  # fmt: skip
    p.cells(LADO, "allegations", "outcome", 4, put("NFA", "resigned"), "unknown code", "codelist", "warned")
