"""The councils' front doors: contacts and MASH requests (LA02), early help (LA03), strategy discussions (LA06).

Lives here: a contact before every referral and two to three that become none; requests to partners about some; early help of
families, some of it after a contact or a case that closed; a strategy discussion before every section 47 enquiry.
Add here: another step before a case opens.
Must not live here: referrals and enquiries (careers.py), faults common to all (defects.py).

No front door publishes contacts, so volumes and shares are synthetic: about three and a half contacts a referral.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import pandas as pd

from ingest.synthetic import calibration as cal
from ingest.synthetic.agencies import MINUTE, british, british_time, council_id, quarter_id
from ingest.synthetic.careers import Careers
from ingest.synthetic.days import BUSDAYS, NEVER, fy_end, fy_start, plus
from ingest.synthetic.defects import Planter, each, put
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
    home_district,
    living_in,
    numbered,
    ongoing,
    quarters,
    until,
)
from ingest.synthetic.population import Array, Population, draw
from ingest.synthetic.world import World
from ingest.synthetic.writers import Delivery, Style

CONTACTS, EARLY_HELP, STRATEGY = "council/contacts", "council/early_help", "council/strategy_discussions"
#: Contacts that become no referral, for each one that does; what they become.
OTHER_CONTACTS: Final = 2.5
OTHER_OUTCOMES: Final = {"NFA": 36, "IA": 40, "EH": 24}
UNNAMED: Final = 0.015
CONCERNS: Final = {
    "NEGLECT": 15, "PHYSICAL": 9, "SEXUAL": 4, "EMOTIONAL": 7, "DOMESTIC": 22, "EXPLOIT": 4, "MISSING": 3, "SUBSTANCE": 7,
    "MENTAL": 9, "BEHAVIOUR": 7, "DISABILITY": 3, "FAMILY": 7, "OTHER": 3,
}  # fmt: skip
#: Share of contacts about which partners are asked, and who is asked: (agency, chance).
ASKED: Final = 0.3
PARTNERS: Final = (("POLICE", 0.95), ("MPFT", 0.75), ("SCHOOLS", 0.7), ("GP", 0.35), ("PROBATION", 0.2))
ANSWER_HOURS: Final = {"R": 2.5, "A": 9.0, "G": 26.0}
#: Families offered early help a year at full size, and what became of the offer.
FAMILIES: Final = (1500, 900)
OFFERS: Final = {"ACCEPTED": 78, "DECLINED": 15, "NOREPLY": 7}
REASONS: Final = {
    "NEGLECT": 11, "PARENTING": 24, "BEHAVIOUR": 17, "ATTENDANCE": 13, "MENTAL": 15, "DOMESTIC": 9, "DISABILITY": 6,
    "HOUSING": 3, "OTHER": 2,
}  # fmt: skip
LEADS: Final = {"COUNCIL": 38, "FAMILYHUB": 9, "SCHOOL": 34, "EARLYYEARS": 4, "HEALTHVIS": 8, "HEALTH": 2, "HOUSING": 1, "VCSE": 4}  # fmt: skip
ENDS: Final = {"MET": 62, "UNIVERSAL": 10, "WITHDREW": 19, "MOVED": 5, "OTHER": 4}
#: Who took part in a strategy discussion: chance of having come.
CAME: Final = {"council": 0.995, "police": 0.94, "health": 0.86, "education": 0.58, "other": 0.14}


def deliveries(world: World) -> Iterator[Delivery]:
    """Contacts by month, early help and strategy discussions by quarter, of both councils."""
    contacts = tuple(_contacts(world.population, c) for c in world.careers)

    def front_door(area: int) -> Iterator[tuple[str, Tables]]:
        requests = _requests(world.population, area, contacts[area])
        for period, frame in contacts[area].groupby("_period", sort=True):
            asked = requests[requests["_period"] == period].reset_index(drop=True)
            yield str(period), {"contacts": frame.reset_index(drop=True), "mash_requests": asked}

    def help_early(area: int) -> Iterator[tuple[str, Tables]]:
        return _early_help(world.population, world.careers[area], contacts[area])

    def discuss(area: int) -> Iterator[tuple[str, Tables]]:
        for period, frame in _strategy(world.population, world.careers[area]).groupby("_period", sort=True):
            yield str(period), {"discussions": frame.reset_index(drop=True)}

    for area in (0, 1):
        yield from by_period(world, CONTACTS, area, front_door, _front_door_style(area))
        yield from by_period(world, EARLY_HELP, area, help_early)
        yield from by_period(world, STRATEGY, area, discuss)


def _front_door_style(area: int) -> Callable[[str], Style]:
    """Staffordshire's system exports local times and other headings from 2025 on; Stoke's exports universal time."""

    def style(period: str) -> Style:
        if area == 1:
            return Style()
        later = {"contact_at": "Contact Date", "source_code": "Contact Source", "hub_id": "Front Door"}
        return Style(drop=("time_zone", "is_unborn"), headers=later if period >= "2025-04" else {})

    return style


# --- contacts


def _contacts(pop: Population, careers: Careers) -> pd.DataFrame:
    """LA02 of one council: a row a contact and child, with `_period` the month of receipt."""
    area = careers.area
    rng = pop.rng(f"contacts-{area}")
    first = flow_start(CONTACTS, area)
    frame = pd.concat([_became_referrals(pop, careers, rng, first), _became_none(pop, area, rng, first)], ignore_index=True)  # fmt: skip
    received = frame["received"].to_numpy().astype("datetime64[m]")
    frame = frame[(received >= first) & (received.astype("datetime64[D]") <= LAST)]
    frame = frame.sort_values(["received", "family", "child"], kind="stable", ignore_index=True)
    child = frame["child"].to_numpy()
    received, decided = (frame[c].to_numpy().astype("datetime64[m]") for c in ("received", "decided"))
    # Brothers and sisters are in one contact.
    new = np.r_[True, (received[1:] != received[:-1]) | np.diff(frame["family"].to_numpy()).astype(bool)]
    reference = numbered(f"{PREFIX[area]}-C", int(new.sum()))[np.cumsum(new) - 1]
    month_end = (received.astype("datetime64[M]") + 1).astype("datetime64[D]") - 1
    cut = month_end + 5  # the month's file is made then
    known = decided.astype("datetime64[D]") <= cut
    decided = np.where(known, decided, np.datetime64("NaT"))
    unborn = pop.birth(child) > received.astype("datetime64[D]")
    yes, no = ("1", "0") if area == 0 else ("Yes", "No")
    out = pd.DataFrame(
        {
            "contact_id": reference,
            "la_code": cal.LA[area],
            "la_child_id": np.where(frame["unnamed"], "", frame["id"]),
            "is_unborn": np.where(unborn, yes, no),
            "contact_at": british_time(received),
            "decision_at": british_time(decided),
            "recorded_on": british(entered(rng, received, cut, 0.4)),
            "source_code": frame["source"].to_numpy(object),
            "concern_type": frame["concern"].to_numpy(object),
            "outcome": np.where(known, frame["outcome"], ""),
            "hub_id": ("MASH_STF", "MASH_SOT")[area],
            "contact_summary": "",
            "worker": "",
            "_period": received.astype("datetime64[M]").astype(str).astype(object),
            "_child": child,
            "_family": frame["family"].to_numpy(),
            "_received": received,
            "_decided": decided,
            "_first": new,
        }
    )
    # One unnamed child a contact: two could not be told apart.
    twice = out.duplicated(["contact_id", "la_child_id"])
    return out[~twice].reset_index(drop=True)


def _became_referrals(
    pop: Population, careers: Careers, rng: np.random.Generator, first: Day
) -> pd.DataFrame:
    """The contact before each referral: decided on the day of the referral, by the same source."""
    e = careers.episodes
    ref = dated(e["ref"])
    pick = np.flatnonzero((ref >= first - 7) & (ref <= LAST))
    child, when = e["child"].to_numpy()[pick], ref[pick]
    family = pop.children["family"].to_numpy()[child]
    # What is drawn for a contact is drawn once: by family and day.
    _, contact = np.unique(np.stack([family, when.astype(np.int64)]), axis=1, return_inverse=True)
    contact = contact.ravel()
    k = int(contact.max()) + 1 if len(contact) else 0
    early = np.where(rng.random(k) < 0.88, rng.integers(0, 2, k), rng.integers(2, 6, k))[contact]
    day = np.busday_offset(
        np.busday_offset(when, 0, roll="backward", busdaycal=BUSDAYS), -early, busdaycal=BUSDAYS
    )
    received = day.astype("datetime64[m]") + (480 + rng.integers(0, 420, k))[contact] * MINUTE
    decided = when.astype("datetime64[m]") + (930 + rng.integers(0, 150, k))[contact] * MINUTE
    neglect = np.zeros(len(e), bool)
    plans = careers.plans
    neglect[plans["episode"].to_numpy()[(plans["initial"] == "NEG").to_numpy()]] = True
    concern = np.where(
        neglect[pick] & (rng.random(len(pick)) < 0.7), "NEGLECT", draw(rng, CONCERNS, k)[contact]
    )
    return pd.DataFrame(
        {
            "child": child,
            "family": family,
            "id": episode_id(careers, pick),
            "received": received,
            "decided": np.maximum(decided, received),
            "source": e["source"].to_numpy(object)[pick],
            "concern": concern.astype(object),
            "outcome": "CIN",
            "unnamed": False,
        }
    )


def _became_none(pop: Population, area: int, rng: np.random.Generator, first: Day) -> pd.DataFrame:
    parts = []
    for year in range(2024, cal.LAST_YEAR + 1):
        start, end = fy_start(year), fy_end(year)
        if end < first:
            continue
        n = pop.count(cal.of_year(cal.REFERRALS, year, area) * OTHER_CONTACTS, 40)
        pool, weight = living_in(pop, area, start, end)
        child = rng.choice(pool, n, p=weight)
        day = start + rng.integers(0, int((end - start).astype(int)) + 1, n).astype("timedelta64[D]")
        day = np.busday_offset(day, 0, roll="forward", busdaycal=BUSDAYS)
        received = day.astype("datetime64[m]") + (480 + rng.integers(0, 660, n)) * MINUTE
        soon = rng.random(n) < 0.86
        later = np.busday_offset(
            day, np.where(soon, rng.integers(0, 2, n), rng.integers(2, 7, n)), busdaycal=BUSDAYS
        )
        decided = later.astype("datetime64[m]") + (1020 + rng.integers(0, 200, n)) * MINUTE
        parts.append(
            pd.DataFrame(
                {
                    "child": child,
                    "family": pop.children["family"].to_numpy()[child],
                    "id": council_id(area, child),
                    "received": received,
                    "decided": np.maximum(decided, received),
                    "source": draw(rng, cal.SOURCES[area], n),
                    "concern": draw(rng, CONCERNS, n),
                    "outcome": draw(rng, OTHER_OUTCOMES, n),
                    "unnamed": rng.random(n) < UNNAMED,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _requests(pop: Population, area: int, contacts: pd.DataFrame) -> pd.DataFrame:
    """LA02b of one council: who was asked about some of the contacts, and when they answered."""
    rng = pop.rng(f"mash-requests-{area}")
    heads = contacts[contacts["_first"]]
    heads = heads[rng.random(len(heads)) < ASKED]
    rag = np.where(
        heads["outcome"] == "CIN",
        draw(rng, {"R": 25, "A": 60, "G": 15}, len(heads)),
        draw(rng, {"R": 3, "A": 37, "G": 60}, len(heads)),
    )
    asked = rng.random((len(heads), len(PARTNERS))) < np.array([chance for _, chance in PARTNERS])
    row, who = np.nonzero(asked)
    n = len(row)
    received = heads["_received"].to_numpy().astype("datetime64[m]")[row]
    sent = received + rng.integers(15, 240, n) * MINUTE
    hours = np.array([ANSWER_HOURS[r] for r in rag[row]])
    took = np.clip(rng.lognormal(0, 0.9, n) * hours * 60, 5, 14 * 1440).astype(int)
    answered = np.where(rng.random(n) < 0.93, sent + took * MINUTE, np.datetime64("NaT"))
    cut = ((received.astype("datetime64[M]") + 1).astype("datetime64[D]") + 5).astype("datetime64[m]")
    answered = np.where(answered > cut, np.datetime64("NaT"), answered)
    if area == 1:
        sent, answered = universal(sent), universal(answered)
    return pd.DataFrame(
        {
            "request_id": numbered(f"{PREFIX[area]}-M", n),
            "contact_id": heads["contact_id"].to_numpy(object)[row],
            "agency_name": np.array([a for a, _ in PARTNERS], dtype=object)[who],
            "rag": rag[row].astype(object),
            "requested_at": british_time(sent),
            "responded_at": british_time(answered),
            "time_zone": "UTC" if area == 1 else "",
            "_period": heads["_period"].to_numpy(object)[row],
        }
    )


def universal(moment: Array) -> Array:
    """A British clock's time as universal time: an hour less in summer, which ends on the last Sundays of March and October."""
    year = moment.astype("datetime64[Y]")

    def last_sunday(month: int) -> Array:
        day = (year.astype("datetime64[M]") + month).astype("datetime64[D]") - 1
        return np.busday_offset(day, 0, roll="backward", weekmask="Sun").astype("datetime64[m]")

    known = ~np.isnat(moment)
    out = moment.copy()
    if known.any():
        year = year[known]
        wall = moment[known]
        summer = (wall >= last_sunday(3) + 120) & (wall < last_sunday(10) + 120)
        out[known] = wall - np.where(summer, 60, 0) * MINUTE
    return out


# --- early help


def _early_help(pop: Population, careers: Careers, contacts: pd.DataFrame) -> Iterator[tuple[str, Tables]]:
    """LA03 of one council: what was known at the end of each quarter."""
    area = careers.area
    rng = pop.rng(f"early-help-{area}")
    first = flow_start(EARLY_HELP, area)
    offers = _offers(pop, careers, contacts, rng, first)
    everyone = pop.children[["family", "area"]].assign(child=np.arange(len(pop.children)))
    rows = offers.merge(everyone[everyone["area"] == area], on="family", how="inner")
    age = (dated(rows["offered"]) - pop.birth(rows["child"].to_numpy())).astype(int)
    here = pop.lives(rows["child"].to_numpy(), dated(rows["offered"]))
    rows = rows[(age > 0) & (age < 6200) & here]
    rows = rows[rows.groupby(["family", "offered"]).cumcount() < 3]
    rows = rows.sort_values(["offered", "family", "child"], kind="stable", ignore_index=True)
    episode = rows.groupby(["offered", "family"], sort=False).ngroup().to_numpy()
    rows = _stepped_up(careers, rows.assign(episode=episode))
    rows["over"] = np.where(rows["offer"] == "ACCEPTED", dated(rows["ended"]), dated(rows["offered"]) + 60)
    reference = numbered(f"{PREFIX[area]}-E", int(episode.max()) + 1)
    n = len(rows)
    typed = entered(rng, dated(rows["offered"]), LAST, 3.0)
    lead, reason = (rows[c].to_numpy(object) for c in ("lead", "reason"))
    for period, last, part in ongoing(rows, "offered", "over", quarters(first)):
        at = part["_at"].to_numpy()
        child = part["child"].to_numpy()
        started = until(np.where(part["offer"] == "ACCEPTED", dated(part["started"]), NEVER), last)
        assessed = until(dated(part["assessed"]), last)
        ended = until(np.where(np.isnat(started), NEVER, dated(part["ended"])), last)
        assessed = np.where(
            np.isnat(started) | (assessed > np.where(np.isnat(ended), LAST, ended)), NEVER, assessed
        )
        frame = pd.DataFrame(
            {
                "eh_id": reference[part["episode"].to_numpy()],
                "la_code": cal.LA[area],
                "la_child_id": council_id(area, child),
                "family_ref": (PREFIX[area] + "-F") + part["family"].astype(str).astype(object),
                "offered_on": british(dated(part["offered"])),
                "offer_outcome": part["offer"].to_numpy(object),
                "started_on": british(started),
                "assessed_on": british(assessed),
                "ended_on": british(ended),
                "snapshot_on": british(np.full(len(part), last)),
                "recorded_on": british(np.minimum(typed[at], last)),
                "reason": reason[at],
                "end_reason": np.where(np.isnat(ended), "", part["end_reason"]),
                "lead_org_type": np.where(np.isnat(started), "", lead[at]),
                "district": home_district(pop, area, child),
                "worker": "",
                "notes": "",
                "_child": child,
            }
        )
        yield period, {"episodes": frame}  # fmt: skip
    if not n:
        raise AssertionError("no family was offered early help")


def _offers(
    pop: Population, careers: Careers, contacts: pd.DataFrame, rng: np.random.Generator, first: Day
) -> pd.DataFrame:
    """A family's offers of early help: after a contact, after a case that closed (RC9), and others."""
    area = careers.area
    decided = contacts["_decided"].to_numpy().astype("datetime64[D]")
    passed_on = (
        ((contacts["outcome"] == "EH") & contacts["_first"]).to_numpy()
        & ~np.isnat(decided)
        & (decided < LAST - 3)
    )
    e = careers.episodes
    closed = dated(e["close"])
    down = np.flatnonzero((e["reason"] == "RC9").to_numpy() & (closed >= first) & (closed < LAST - 12))
    down = down[rng.random(len(down)) < 0.6]
    begin = first - 180
    days_long = int((LAST - begin).astype(int))
    extra = pop.count(FAMILIES[area] * days_long / 365, 40)
    pool, weight = living_in(pop, area, begin, LAST)
    child = rng.choice(pool, extra, p=weight)
    family_of = pop.children["family"].to_numpy()
    family = np.r_[
        contacts["_family"].to_numpy()[passed_on], family_of[e["child"].to_numpy()[down]], family_of[child]
    ]
    offered = np.r_[
        decided[passed_on] + 1, plus(closed[down], rng.integers(0, 10, len(down))), begin + rng.integers(0, days_long - 1, extra).astype("timedelta64[D]")
    ]  # fmt: skip
    n = len(family)
    reason = draw(rng, REASONS, n)
    reason[passed_on.sum() : passed_on.sum() + len(down)] = "STEPDOWN"
    started = plus(offered, rng.integers(0, 21, n))
    lasts = np.where(rng.random(n) < 0.97, 35 + rng.gamma(2.2, 80, n), 1500).astype(
        int
    )  # a few are never closed
    frame = pd.DataFrame(
        {
            "family": family,
            "offered": offered,
            "offer": draw(rng, OFFERS, n),
            "started": started,
            "assessed": np.busday_offset(np.busday_offset(started, 0, roll="forward", busdaycal=BUSDAYS), rng.integers(10, 50, n), busdaycal=BUSDAYS),
            "ended": plus(started, lasts),
            "reason": reason,
            "lead": draw(rng, LEADS, n),
            "end_reason": draw(rng, ENDS, n),
        }
    ).sort_values(["family", "offered"], kind="stable")  # fmt: skip
    # A family has one episode at a time.
    busy = frame.groupby("family")["ended"].shift()
    return frame[busy.isna() | (frame["offered"] > busy)].reset_index(drop=True)


def _stepped_up(careers: Careers, rows: pd.DataFrame) -> pd.DataFrame:
    """Early help of a child who is referred while it lasts ends that day, stepped up."""
    e = careers.episodes
    referred = pd.DataFrame({"child": e["child"], "ref": e["ref"].astype("datetime64[s]")}).sort_values(
        "ref", kind="stable"
    )
    left = rows.assign(
        _order=np.arange(len(rows)), started=rows["started"].astype("datetime64[s]")
    ).sort_values("started", kind="stable")
    near = pd.merge_asof(
        left,
        referred,
        left_on="started",
        right_on="ref",
        by="child",
        direction="forward",
        allow_exact_matches=False,
    )
    near = near.sort_values("_order", kind="stable").reset_index(drop=True)
    ref, ended = dated(near["ref"]), dated(rows["ended"])
    up = (~np.isnat(ref)) & (ref < ended)
    return rows.assign(ended=np.where(up, ref, ended), end_reason=np.where(up, "STEPUP", rows["end_reason"]))


# --- strategy discussions


def _strategy(pop: Population, careers: Careers) -> pd.DataFrame:
    """LA06 of one council: one before each enquiry, and some that decide on none. `_period` is the quarter."""
    area = careers.area
    rng = pop.rng(f"strategy-{area}")
    first = flow_start(STRATEGY, area)
    s = careers.enquiries
    episode, when = s["episode"].to_numpy(), dated(s["start"])
    inside = (when >= first) & (when <= LAST)
    episode, when = episode[inside], when[inside]
    extra = (
        rng.random(len(episode)) < 0.3
    )  # others about the same children, some weeks earlier, that decided otherwise
    before = np.maximum(when[extra] - rng.integers(15, 80, int(extra.sum())).astype("timedelta64[D]"), first)
    ref = dated(careers.episodes["ref"])[episode[extra]]
    before = np.maximum(before, ref)
    episode, when = np.r_[episode, episode[extra]], np.r_[when, before]
    decided = np.r_[np.ones(int(inside.sum()), bool), np.zeros(int(extra.sum()), bool)]
    child = careers.episodes["child"].to_numpy()[episode]
    family = pop.children["family"].to_numpy()[child]
    keys, group = np.unique(np.stack([family, when.astype(np.int64), decided]), axis=1, return_inverse=True)
    group, k = group.ravel(), keys.shape[1]
    minute = (540 + rng.integers(0, 480, k)) * MINUTE
    came = {who: np.where(rng.random(k) < share, "ATTENDED", np.where(rng.random(k) < 0.6, "APOLOGIES", "ABSENT")) for who, share in CAME.items()}  # fmt: skip
    outcome = np.where(
        decided,
        draw(rng, {"S47_JOINT": 62, "S47_SINGLE": 38}, k)[group],
        draw(rng, {"ASSESS": 45, "CONTINUE": 35, "NFA": 20}, k)[group],
    )
    held = when.astype("datetime64[m]") + minute[group]
    frame = pd.DataFrame(
        {
            "discussion_id": group,
            "la_code": cal.LA[area],
            "la_child_id": episode_id(careers, episode),
            "held_at": british_time(held),
            "recorded_on": british(entered(rng, held, LAST + 10)),
            "hub_id": ("MASH_STF", "MASH_SOT")[area],
            "outcome": outcome.astype(object),
            **{f"{who}_present": values[group].astype(object) for who, values in came.items()},
            "attendees": "",
            "minutes": "",
            "_period": quarter_id(held),
            "_child": child,
            "_held": held,
        }
    ).sort_values(["_held", "discussion_id", "la_child_id"], kind="stable", ignore_index=True)
    frame = frame.drop_duplicates(["discussion_id", "la_child_id"], ignore_index=True)
    place = pd.factorize(frame["discussion_id"])[0]
    frame["discussion_id"] = numbered(f"{PREFIX[area]}-S", int(place.max()) + 1)[place]
    return frame


# --- faults


def plant(p: Planter) -> None:
    """Faults that a careful reader mends or that are warned of."""
    zero = {"6": "06", "7": "07", "4": "04", "8": "08", "9": "09"}
    p.cells(
        CONTACTS, "contacts", "source_code", 30, each(lambda s: zero[s]), "code with a nought before it", "codelist_spelling", "mended",
        where=lambda f: f["source_code"].isin(list(zero)),
    )  # fmt: skip
    words = {"NFA": "No further action", "IA": "Advice", "EH": "Early Help", "CIN": "Progress to Referral"}
    p.cells(
        CONTACTS,
        "contacts",
        "outcome",
        20,
        each(lambda s: words[s]),
        "code in words",
        "codelist_spelling",
        "mended",
    )
    p.cells(
        CONTACTS,
        "contacts",
        "concern_type",
        8,
        put("see summary", "TBA"),
        "unknown code",
        "codelist",
        "warned",
    )
    p.cells(
        CONTACTS, "mash_requests", "responded_at", 10, put("01/04/2024 08:00"), "answer before the request", "LA02b-ORDER", "warned",
    )  # fmt: skip
    p.cells(CONTACTS, "mash_requests", "rag", 10, each(lambda s: {"R": "Red", "A": "Amber", "G": "Green"}[s]), "code in words", "codelist_spelling", "mended")  # fmt: skip
    leads = {
        "SCHOOL": "Primary School",
        "COUNCIL": "Early Help Team",
        "HEALTHVIS": "HV",
        "FAMILYHUB": "Family Hub",
        "VCSE": "Charity",
    }
    p.cells(
        EARLY_HELP, "episodes", "lead_org_type", 60, each(lambda s: leads[s]), "free text in a coded cell", "codelist_spelling", "mended",
        where=lambda f: f["lead_org_type"].isin(list(leads)),
    )  # fmt: skip
    p.cells(
        EARLY_HELP,
        "episodes",
        "lead_org_type",
        12,
        put("St Something C of E", "Mrs Salt"),
        "unknown code",
        "codelist",
        "warned",
    )
    p.cells(
        STRATEGY, "discussions", "health_present", 20, each(lambda s: {"ATTENDED": "Yes", "APOLOGIES": "Apols", "ABSENT": "DNA"}[s]),
        "code in words", "codelist_spelling", "mended",
    )  # fmt: skip
    p.cells(
        STRATEGY,
        "discussions",
        "education_present",
        8,
        put("DSL by phone"),
        "unknown code",
        "codelist",
        "warned",
    )
