"""The councils' work with children at risk: visits and reviews (LA08b, LA08c), agencies at conferences (LA09), care proceedings
(LA14), Graded Care Profiles (LA20).

Lives here: what the quarterly and monthly returns say of the same plans, conferences and cases that the census reports by the year.
Add here: another step in the life of an open case.
Must not live here: plans and enquiries (careers.py), the front door (council_front_door.py).

Shares are synthetic: no council publishes visits, quoracy or profiles in a form that could be taken over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from ingest.synthetic import calibration as cal
from ingest.synthetic.agencies import british, quarter_id
from ingest.synthetic.careers import Careers
from ingest.synthetic.days import BUSDAYS, NEVER, plus
from ingest.synthetic.defects import Planter, each, put, serial
from ingest.synthetic.extracts.council_local import (
    LAST,
    PREFIX,
    Day,
    Tables,
    by_period,
    dated,
    entered,
    episode_id,
    flow_start,
    numbered,
    ongoing,
    quarters,
    until,
)
from ingest.synthetic.population import Array, Population, draw
from ingest.synthetic.world import World
from ingest.synthetic.writers import Delivery

ACTIVITY, CONFERENCES, COURT, GCP2 = (
    "council/child_protection_activity",
    "council/conference_attendance",
    "council/court",
    "council/gcp2",
)
SEEN, SEEN_ALONE, BEDROOM, QUORATE = 0.95, 0.78, 0.66, 0.93
#: How a child of four and over takes part in a review.
TAKES_PART: Final = {"PN1": 17, "PN2": 6, "PN3": 5, "PN4": 3, "PN5": 12, "PN6": 36, "PN7": 21}
#: Agencies at a conference: (has a part to play, was invited when it has, came when invited, sent its report in time).
AGENCIES: Final = {
    "POLICE": (0.92, 0.99, 0.86, 0.88),
    "MPFT": (0.81, 0.98, 0.83, 0.80),
    "SCHOOLS": (0.74, 0.98, 0.88, 0.77),
    "GP": (0.85, 0.94, 0.07, 0.42),
    "UHNM": (0.17, 0.95, 0.52, 0.61),
    "PROBATION": (0.21, 0.93, 0.69, 0.70),
    "VCSE": (0.24, 0.90, 0.74, 0.55),
}
PROFILED: Final = (0.46, 0.38)  # children on a plan for neglect with a Graded Care Profile
RESCORED: Final = 0.42
ASSESSORS: Final = {
    0: {"STAFFS_CC": 62, "MPFT": 22, "SCHOOLS": 10, "VCSE": 6},
    1: {"STOKE_CC": 58, "MPFT": 24, "SCHOOLS": 12, "VCSE": 6},
}
#: Plans that go on to pre-proceedings or straight to court.
TO_COURT: Final = (0.15, 0.19)
ORDERS: Final = {
    "CARE": 44,
    "PLACEMENT": 17,
    "SUPERVISION": 11,
    "SGO": 17,
    "CAO": 6,
    "NONE": 3,
    "WITHDRAWN": 2,
}


def deliveries(world: World) -> Iterator[Delivery]:
    """Everything by quarter, of both councils."""
    pop = world.population

    def tables(table: str, made: pd.DataFrame) -> Iterator[tuple[str, Tables]]:
        for period, frame in made.groupby("_period", sort=True):
            yield str(period), {table: frame.reset_index(drop=True)}

    def activity(area: int) -> Iterator[tuple[str, Tables]]:
        visits, reviews = _visits(pop, world.careers[area]), _reviews(pop, world.careers[area])
        for period, frame in visits.groupby("_period", sort=True):
            held = reviews[reviews["_period"] == period].reset_index(drop=True)
            yield str(period), {"visits": frame.reset_index(drop=True), "reviews": held}

    for area in (0, 1):
        yield from by_period(world, ACTIVITY, area, activity)
        yield from by_period(
            world, CONFERENCES, area, lambda a: tables("attendance", _conferences(pop, world.careers[a]))
        )
        yield from by_period(world, COURT, area, lambda a: _court(pop, world.careers[a]))
        yield from by_period(
            world, GCP2, area, lambda a: tables("profiles", _profiles(pop, world.careers[a]))
        )


# --- visits and reviews


def _live_plans(careers: Careers, first: Day) -> tuple[Array, Array, Array]:
    """(position, start, last day known) of every plan that was open after the first day."""
    p = careers.plans
    start, end = dated(p["start"]), dated(p["end"])
    last = np.where(np.isnat(end), LAST, end)
    at = np.flatnonzero((last >= first) & (start <= LAST))
    return at, start[at], last[at]


def _visits(pop: Population, careers: Careers) -> pd.DataFrame:
    """LA08b of one council: a visit every two weeks or so while a plan is open."""
    area = careers.area
    rng = pop.rng(f"cp-visits-{area}")
    first = flow_start(ACTIVITY, area)
    at, start, last = _live_plans(careers, first)
    number = np.maximum((last - start).astype(int) // 14, 0)
    plan = np.repeat(np.arange(len(at)), number)
    turn = np.arange(len(plan)) - np.repeat(np.cumsum(number) - number, number)
    day = plus(start[plan] + (4 + 14 * turn).astype("timedelta64[D]"), rng.integers(-2, 7, len(plan)))
    day = np.busday_offset(day, 0, roll="forward", busdaycal=BUSDAYS)
    keep = (day >= first) & (day <= last[plan]) & (rng.random(len(plan)) < (0.94, 0.9)[area])
    plan, day = plan[keep], day[keep]
    order = np.lexsort((at[plan], day))
    plan, day = plan[order], day[order]
    n = len(plan)
    episode = careers.plans["episode"].to_numpy()[at[plan]]
    child = careers.episodes["child"].to_numpy()[episode]
    yes, no = ("1", "0") if area == 0 else ("Yes", "No")
    seen = rng.random(n) < SEEN
    alone = seen & (rng.random(n) < np.where((day - pop.birth(child)).astype(int) > 1100, SEEN_ALONE, 0.3))
    return pd.DataFrame(
        {
            "visit_id": numbered(f"{PREFIX[area]}-V", n),
            "la_code": cal.LA[area],
            "la_child_id": episode_id(careers, episode),
            "plan_start_date": british(start[plan]),
            "visit_date": british(day),
            "recorded_on": british(entered(rng, day, LAST + 10, 2.5)),
            "seen": np.where(seen, yes, no),
            "seen_alone": np.where(seen, np.where(alone, yes, no), ""),
            "bedroom_seen": np.where(seen & (rng.random(n) < BEDROOM), yes, no),
            "worker": "",
            "_period": quarter_id(day),
            "_child": child,
        }
    )


def _held_reviews(pop: Population, careers: Careers) -> pd.DataFrame:
    """Every review of a plan in order, with its number, the one before it, and the category that it agreed."""
    r = careers.reviews
    frame = pd.DataFrame({"plan": r["plan"].to_numpy(), "day": dated(r["date"])}).sort_values(
        ["plan", "day"], kind="stable", ignore_index=True
    )
    p = careers.plans
    plan = frame["plan"].to_numpy()
    frame["before"] = frame.groupby("plan")["day"].shift()
    frame["number"] = frame.groupby("plan").cumcount()
    initial, latest = p["initial"].to_numpy(object)[plan], p["latest"].to_numpy(object)[plan]
    frame["category"] = np.where(frame["number"] >= (p.index.to_numpy() % 2)[plan], latest, initial)
    return frame


def _reviews(pop: Population, careers: Careers) -> pd.DataFrame:
    """LA08c of one council: the reviews that the census has by their dates, and how they went."""
    area = careers.area
    rng = pop.rng(f"cp-reviews-{area}")
    first = flow_start(ACTIVITY, area)
    held = _held_reviews(pop, careers)
    held = held[(dated(held["day"]) >= first) & (dated(held["day"]) <= LAST)].sort_values(
        ["day", "plan"], kind="stable", ignore_index=True
    )
    n, plan, day = len(held), held["plan"].to_numpy(), dated(held["day"])
    p = careers.plans
    start, end = dated(p["start"])[plan], dated(p["end"])[plan]
    before = dated(held["before"])
    due = np.where(np.isnat(before), plus(start, np.full(n, 91)), plus(before, np.full(n, 182)))
    episode = p["episode"].to_numpy()[plan]
    child = careers.episodes["child"].to_numpy()[episode]
    age = (day - pop.birth(child)).astype(int)
    yes, no = ("1", "0") if area == 0 else ("Yes", "No")
    goes_on = np.isnat(end) | ((end - day).astype(int) > 20)
    return pd.DataFrame(
        {
            "review_id": numbered(f"{PREFIX[area]}-R", n),
            "la_code": cal.LA[area],
            "la_child_id": episode_id(careers, episode),
            "plan_start_date": british(start),
            "due_on": british(due),
            "review_date": british(day),
            "recorded_on": british(entered(rng, day, LAST + 10, 4.0)),
            "quorate": np.where(rng.random(n) < QUORATE, yes, no),
            "child_participation": np.where(age < 1461, "PN0", draw(rng, TAKES_PART, n)),
            "plan_continues": np.where(goes_on, yes, no),
            "category": held["category"].to_numpy(object),
            "_period": quarter_id(day),
            "_child": child,
        }
    )


# --- conferences


def _conferences(pop: Population, careers: Careers) -> pd.DataFrame:
    """LA09 of one council: a conference a family and day, initial or review, and the agencies that could have come."""
    area = careers.area
    rng = pop.rng(f"conferences-{area}")
    first = flow_start(CONFERENCES, area)
    s, p, held = careers.enquiries, careers.plans, _held_reviews(pop, careers)
    episode = np.r_[s["episode"].to_numpy(), p["episode"].to_numpy()[held["plan"].to_numpy()]]
    day = np.r_[dated(s["icpc"]), dated(held["day"])]
    initial = np.r_[np.ones(len(s), bool), np.zeros(len(held), bool)]
    inside = (day >= first) & (day <= LAST)
    family = pop.children["family"].to_numpy()[careers.episodes["child"].to_numpy()[episode[inside]]]
    key = np.unique(np.stack([day[inside].astype(np.int64), family, ~initial[inside]]), axis=1)
    when, kind = key[0].astype("datetime64[D]"), np.where(key[2] == 0, "ICPC", "RCPC").astype(object)
    kind[(kind == "ICPC") & (rng.random(len(kind)) < 0.03)] = "TRANSFER"
    council = ("STAFFS_CC", "STOKE_CC")[area]
    listed = {council: (1.0, 1.0, 0.995, 0.97), **AGENCIES}
    n, k = len(when), len(listed)
    names = np.tile(np.array(list(listed), dtype=object), n)
    active, invited, came, report = (np.tile(np.array([v[i] for v in listed.values()]), n) for i in range(4))
    row = np.repeat(np.arange(n), k)
    has_role = rng.random(n * k) < active
    asked = np.where(has_role, rng.random(n * k) < invited, rng.random(n * k) < 0.35)
    there = asked & (rng.random(n * k) < np.where(has_role, came, came * 0.4))
    apologies = asked & ~there & (rng.random(n * k) < 0.6)
    day = when[row]
    due = np.busday_offset(
        np.busday_offset(day, 0, roll="backward", busdaycal=BUSDAYS), -2, busdaycal=BUSDAYS
    )
    luck = rng.random(n * k)
    in_time = luck < report
    sent = asked & has_role & (luck < report + (1 - report) * 0.5)
    received = np.where(
        sent, plus(due, np.where(in_time, -rng.integers(0, 5, n * k), rng.integers(1, 9, n * k))), NEVER
    )
    yes, no = ("1", "0") if area == 0 else ("Yes", "No")
    frame = pd.DataFrame(
        {
            "conference_id": numbered(f"{PREFIX[area]}-K", n)[row],
            "la_code": cal.LA[area],
            "conference_type": kind[row],
            "conference_date": british(day),
            "recorded_on": british(entered(rng, day, LAST + 10)),
            "agency_name": names,
            "active_role": np.where(has_role, yes, no),
            "invited": np.where(asked, yes, no),
            "attended": np.where(there, "ATTENDED", np.where(apologies, "APOLOGIES", "ABSENT")),
            "report_due_on": np.where(asked & has_role, british(due), ""),
            "report_received_on": british(received),
            "attendee": "",
            "_period": quarter_id(day),
        }
    )
    return frame


# --- court


def _court(pop: Population, careers: Careers) -> Iterator[tuple[str, Tables]]:
    """LA14 of one council: children of one family share a case. Snapshots of every quarter."""
    area = careers.area
    rng = pop.rng(f"court-{area}")
    first = flow_start(COURT, area)
    cases = _cases(pop, careers, rng, first)
    rows = _children_of_cases(pop, careers, cases)
    case = rows["case"].to_numpy()
    reference = numbered(f"{PREFIX[area]}-L", len(cases))
    begins, issued = dated(rows["begins"]), dated(rows["issued"])
    # Most brothers and sisters have their final orders on one day, a few later.
    disposed = plus(dated(rows["disposed"]), np.where(rng.random(len(rows)) < 0.07, 35, 0))
    rows["over"] = np.where(np.isnat(issued), dated(rows["dropped"]), disposed)
    order, typed = draw(rng, ORDERS, len(rows)), entered(rng, begins, LAST, 3.0)
    for period, last, part in ongoing(rows, "begins", "over", quarters(first)):
        at = part["_at"].to_numpy()
        done = until(disposed[at], last)
        episode = part["episode"].to_numpy()
        frame = pd.DataFrame(
            {
                "case_no": reference[case[at]],
                "la_code": cal.LA[area],
                "la_child_id": episode_id(careers, episode),
                "snapshot_on": british(np.full(len(part), last)),
                "pre_proceedings_on": british(np.where(part["direct"], NEVER, begins[at])),
                "issued_on": british(until(issued[at], last)),
                "disposed_on": british(done),
                "outcome": np.where(np.isnat(done), "", order[at]),
                "recorded_on": british(np.minimum(typed[at], last)),
                "judge": "",
                "notes": "",
                "_child": part["child"].to_numpy(),
            }
        )
        yield period, {"case_children": frame}


def _cases(pop: Population, careers: Careers, rng: np.random.Generator, first: Day) -> pd.DataFrame:
    """One row a case: the episode that leads to it, when it begins, is issued and ends; pre-proceedings of 2025-26 are the census's."""
    p, e = careers.plans, careers.episodes
    start = dated(p["start"])
    recent = np.flatnonzero(start > first - 500)
    chosen = recent[rng.random(len(recent)) < TO_COURT[careers.area]]
    chosen = chosen if len(chosen) else recent[:2]  # a small world still has a case
    begins = plus(start[chosen], rng.integers(15, 90, len(chosen)))
    direct = rng.random(len(chosen)) < 0.35
    known = direct | (begins < np.datetime64("2025-04-01"))
    census = careers.pre_proceedings
    episode = np.r_[p["episode"].to_numpy()[chosen][known], census["episode"].to_numpy()].astype(np.int64)
    begins = np.r_[begins[known], dated(census["start"])]
    direct = np.r_[direct[known], np.zeros(len(census), bool)]
    n = len(episode)
    goes_on = direct | (rng.random(n) < 0.55)
    issued = np.where(direct, begins, np.where(goes_on, plus(begins, rng.integers(60, 200, n)), NEVER))
    weeks = np.clip(rng.gamma(9, 4.6, n), 12, 110).astype(int)
    frame = pd.DataFrame(
        {
            "family": pop.children["family"].to_numpy()[e["child"].to_numpy()[episode]],
            "begins": begins,
            "issued": issued,
            "disposed": plus(issued, weeks * 7),
            "dropped": plus(begins, 90 + rng.integers(0, 150, n)),
            "direct": direct,
        }
    ).sort_values(["begins", "family"], kind="stable", ignore_index=True)
    # A family is in one case at a time.
    before = frame.groupby("family")["begins"].shift()
    frame = frame[before.isna() | ((dated(frame["begins"]) - dated(before)).astype(int) > 800)]
    return frame.reset_index(drop=True)


def _children_of_cases(pop: Population, careers: Careers, cases: pd.DataFrame) -> pd.DataFrame:
    """One row a child in a case: every child of the family with an episode open on the day it begins."""
    e = careers.episodes
    child = e["child"].to_numpy()
    known = pd.DataFrame(
        {
            "family": pop.children["family"].to_numpy()[child],
            "child": child,
            "episode": np.arange(len(e)),
            "ref": dated(e["ref"]),
            "close": dated(e["close"]),
        }
    )
    rows = cases.assign(case=np.arange(len(cases))).merge(known, on="family", how="inner")
    begins, close = dated(rows["begins"]), dated(rows["close"])
    rows = rows[(dated(rows["ref"]) <= begins) & (np.isnat(close) | (close >= begins))]
    rows = rows.drop_duplicates(["case", "child"]).sort_values(["case", "child"], kind="stable")
    return rows.reset_index(drop=True)


# --- Graded Care Profiles


def _profiles(pop: Population, careers: Careers) -> pd.DataFrame:
    """LA20 of one council: profiles of children on a plan for neglect, some scored again months later."""
    area = careers.area
    rng = pop.rng(f"gcp2-{area}")
    first = flow_start(GCP2, area)
    at, start, last = _live_plans(careers, first)
    neglect = (careers.plans["initial"] == "NEG").to_numpy()[at]
    chosen = neglect & (rng.random(len(at)) < PROFILED[area])
    if not chosen.any():
        chosen = neglect.copy()
    at, start, last = at[chosen], start[chosen], last[chosen]
    done = plus(start, rng.integers(14, 110, len(at)))
    keep = (done >= first) & (done <= np.minimum(last, LAST))
    at, done, last = at[keep], done[keep], last[keep]
    again = plus(done, rng.integers(110, 260, len(at)))
    second = np.flatnonzero((rng.random(len(at)) < RESCORED) & (again <= np.minimum(last + 60, LAST)))
    n, m = len(at), len(second)
    grades = np.clip(rng.normal(3.4, 0.9, (n, 4)).round(), 1, 5).astype(int)
    later = np.clip(
        grades[second] - draw(rng, {"0": 48, "1": 40, "2": 6, "-1": 6}, m * 4).astype(int).reshape(m, 4), 1, 5
    )
    frame = pd.DataFrame(
        {
            "plan": np.r_[at, at[second]],
            "day": np.r_[done, again[second]],
            "earlier": np.r_[np.full(n, -1), second],
            "own": np.r_[np.arange(n), np.full(m, -1)],
        }
    )
    grades = np.vstack([grades, later])
    order = np.lexsort((frame["plan"], dated(frame["day"])))
    frame, grades = frame.iloc[order].reset_index(drop=True), grades[order]
    reference = numbered(f"{PREFIX[area]}-G", n + m)
    named = np.full(n + 1, "", dtype=object)
    own = frame["own"].to_numpy()
    named[own[own >= 0]] = reference[own >= 0]
    episode = careers.plans["episode"].to_numpy()[frame["plan"].to_numpy()]
    day = dated(frame["day"])
    text = grades.astype(str).astype(object)
    return pd.DataFrame(
        {
            "profile_id": reference,
            "la_code": cal.LA[area],
            "la_child_id": episode_id(careers, episode),
            "assessor_agency": draw(rng, ASSESSORS[area], n + m),
            "assessor": "",
            "done_on": british(day),
            "recorded_on": british(entered(rng, day, LAST + 10, 5.0)),
            "physical_grade": text[:, 0],
            "safety_grade": text[:, 1],
            "emotional_grade": text[:, 2],
            "developmental_grade": text[:, 3],
            "rescore_of": named[frame["earlier"].to_numpy()],
            "_period": quarter_id(day),
            "_child": careers.episodes["child"].to_numpy()[episode],
        }
    )


# --- faults


def plant(p: Planter) -> None:
    """Faults that a careful reader mends or that are warned of."""
    p.cells(ACTIVITY, "visits", "visit_date", 12, each(serial), "Excel serial date", "mended", "mended")
    p.cells(
        ACTIVITY, "visits", "seen_alone", 8, put("see note"), "unreadable yes or no", "readable", "warned"
    )
    p.cells(
        ACTIVITY,
        "reviews",
        "category",
        12,
        each(lambda s: {"NEG": "N", "EMO": "Emotional abuse", "PHY": "P", "SAB": "S", "MUL": "M"}[s]),
        "code in words",
        "codelist_spelling",
        "mended",
    )
    p.cells(
        CONFERENCES, "attendance", "attended", 25,
        each(lambda s: {"ATTENDED": "Yes", "APOLOGIES": "Apologies received", "ABSENT": "DNA"}[s]), "code in words", "codelist_spelling", "mended",
    )  # fmt: skip
    p.cells(CONFERENCES, "attendance", "agency_name", 12, each(lambda s: {"POLICE": "Staffs Police", "SCHOOLS": "Education"}[s]), "code in words", "codelist_spelling", "mended", where=lambda f: f["agency_name"].isin(["POLICE", "SCHOOLS"]))  # fmt: skip
    p.cells(COURT, "case_children", "outcome", 6, each(lambda s: {"CARE": "Care Order", "SGO": "Special Guardianship Order"}[s]), "code in words", "codelist_spelling", "mended", where=lambda f: f["outcome"].isin(["CARE", "SGO"]))  # fmt: skip
    p.cells(GCP2, "profiles", "safety_grade", 5, put("6"), "number outside its range", "range", "warned")
    p.cells(
        GCP2, "profiles", "emotional_grade", 5, put("N/A", "TBC"), "stand-in for blank", "mended", "mended"
    )
