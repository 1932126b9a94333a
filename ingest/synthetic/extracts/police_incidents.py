"""What the police write down of incidents with children (PO02, PO04, PO05, PO08): domestic abuse and what follows from it.

Lives here: domestic abuse incidents as they truly happened, the notices to schools and councils that follow, uses of police protection.
Add here: another record that the force makes of an incident.
Must not live here: crimes, exploitation and custody (police_crime.py), missing episodes (agencies.py).

Some incidents come just before a referral of the same child by the police, so that the two agencies tell one story. All volumes and shares
are synthetic: no figure is published for the force with children (domain specification DA01, DA03, PL01).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from ingest.synthetic import calibration as cal
from ingest.synthetic.agencies import british_time, chance
from ingest.synthetic.days import BUSDAYS
from ingest.synthetic.defects import Planter, each, iso_date, put, wrong_digit
from ingest.synthetic.people import (
    ADULT,
    FIRST,
    LAST,
    MINUTE,
    Families,
    chosen,
    days_between,
    laid_out,
    moments,
    month_id,
    police_person,
    short_year,
)
from ingest.synthetic.population import VISITOR, Array, draw
from ingest.synthetic.world import World, split
from ingest.synthetic.writers import Delivery, Style

FORCE: Final = "staffordshire_police"
ABUSE, PROTECTION, ENCOMPASS, NOTICES = (
    "police/domestic_abuse",
    "police/police_protection",
    "police/operation_encompass",
    "police/protection_notices",
)
MONTHS: Final = 36
#: A month at full size: domestic abuse with children in the home, uses of police protection, other notices. Synthetic.
A_MONTH: Final = {"abuse": 330, "protection": 13, "other_notices": 140}
#: Share of referrals by the police that a domestic abuse incident came before. Synthetic.
BEFORE_REFERRAL: Final = 0.4
NEVER: Final = np.datetime64("NaT", "m")
#: ONS codes of the districts by council area.
DISTRICTS: Final = (
    tuple(f"E0700019{i}" for i in range(2, 10)),
    ("E06000021",),
)
SCHOOL_STARTS: Final = 510  # minutes after midnight


@dataclass(frozen=True)
class Abuse:
    """Domestic abuse incidents with children as they truly happened: one row an incident, one row a child of it."""

    incidents: pd.DataFrame  # ref, at, recorded, crime, attended, grade, district, number
    children: pd.DataFrame  # incident, child, role, present, seen


def deliveries(world: World) -> Iterator[Delivery]:
    """Four extracts, a file each a month."""
    rng = world.population.rng("police-incidents-sending")
    abuse = domestic_abuse(world)
    made = (
        (ABUSE, "children", "domestic_abuse", _abuse_rows(world, abuse)),
        (PROTECTION, "powers", "police_protection", _protection_rows(world, abuse)),
        (ENCOMPASS, "notices", "operation_encompass", _encompass_rows(world, abuse)),
        (NOTICES, "notices", "protection_notices", _notice_rows(world, abuse)),
    )
    for key, table, name, rows in made:
        for period, frame in split(rows):
            yield world.sent(
                key, FORCE, period, f"{name}_{period}.csv", {table: frame}, Style(encoding="cp1252"), rng
            )


def domestic_abuse(world: World) -> Abuse:
    """Incidents with at least one child, those before referrals first drawn, then others in families where trouble runs."""
    pop = world.population
    rng = pop.rng("domestic-abuse")
    lead, day = _before_referrals(world, rng)
    n = max(pop.count(A_MONTH["abuse"] * MONTHS) - len(lead), 8 * MONTHS)
    more = days_between(rng, n)
    lead, day = np.r_[lead, chosen(pop, rng, more, (0, 18))], np.r_[day, more]
    at = moments(rng, day, 0.55)
    recorded = (
        at
        + np.where(
            rng.random(len(at)) < 0.9, rng.integers(2, 240, len(at)), rng.integers(240, 14000, len(at))
        )
        * MINUTE
    )
    age = (at.astype("datetime64[D]") - pop.birth(lead)).astype(int)
    inside = (at >= FIRST) & (recorded < (LAST + 1).astype("datetime64[m]")) & (age >= 0) & (age < ADULT)
    lead, at, recorded = lead[inside], at[inside], recorded[inside]
    order = np.lexsort((lead, recorded))
    lead, at, recorded = lead[order], at[order], recorded[order]
    n = len(lead)
    area = pop.children["area"].to_numpy()[lead]
    attended = rng.random(n) < 0.87
    grade = draw(rng, {"STANDARD": 62, "MEDIUM": 27, "HIGH": 9, "NOT_DONE": 2}, n)
    family = Families.of(pop).of_child[lead]
    of_area = (np.array(DISTRICTS[0], dtype=object)[family % 8], np.full(n, DISTRICTS[1][0], dtype=object))
    row, child = Families.of(pop).members(lead)
    age = (at[row].astype("datetime64[D]") - pop.birth(child)).astype(int)
    keep = (age >= 0) & (age < ADULT) & ((child == lead[row]) | (rng.random(len(row)) < 0.88))
    keep &= pop.lives(child, at[row].astype("datetime64[D]"))
    row, child = row[keep], child[keep]
    crime = rng.random(n) < 0.58
    role = np.where(crime[row] & (rng.random(len(row)) < 0.11), "VICTIM", "HOUSEHOLD")
    role = np.where((role == "HOUSEHOLD") & (rng.random(len(row)) < 0.03), "VISITOR", role).astype(object)
    present = rng.random(len(row)) < 0.72
    incidents = pd.DataFrame(
        {
            "ref": "DA"
            + short_year(recorded)
            + "-"
            + np.char.zfill(np.arange(1, n + 1).astype(str), 6).astype(object),
            "at": at,
            "recorded": recorded,
            "crime": crime,
            "attended": attended,
            "grade": np.where(attended, grade, np.where(rng.random(n) < 0.5, "", grade)),
            "district": np.where(area == 1, of_area[1], of_area[0]),
            "number": np.bincount(row, minlength=n),
            "family": family,
        }
    )
    children = pd.DataFrame(
        {
            "incident": row,
            "child": child,
            "role": role,
            "present": present,
            "seen": attended[row] & present & (rng.random(len(row)) < 0.66),
        }
    )
    return Abuse(incidents, children)


def _before_referrals(world: World, rng: np.random.Generator) -> tuple[Array, Array]:
    """Children whom the police referred, and a day shortly before."""
    child, day = [], []
    for careers in world.careers:
        e = careers.episodes
        ref = e["ref"].to_numpy().astype("datetime64[D]")
        who = e["child"].to_numpy()
        fits = (e["source"].to_numpy() == "6") & (ref > FIRST + 5) & (ref <= LAST)
        fits &= world.population.birth(who) < ref - 5
        pick = np.flatnonzero(fits)
        pick = pick[rng.random(len(pick)) < BEFORE_REFERRAL]
        child.append(who[pick])
        day.append(ref[pick] - rng.integers(1, 5, len(pick)))
    return np.concatenate(child), np.concatenate(day)


def _yes(flag: Array) -> Array:
    return np.where(flag, "Y", "N").astype(object)


def _abuse_rows(world: World, abuse: Abuse) -> pd.DataFrame:
    pop, c = world.population, abuse.children
    rng = pop.rng("domestic-abuse-rows")
    n, child = len(c), c["child"].to_numpy()
    i = abuse.incidents.iloc[c["incident"].to_numpy()]
    seen = c["seen"].to_numpy()
    spoken = draw(rng, {"SPOKEN": 55, "OBSERVED": 21, "NOT_RECORDED": 24}, n)
    voice = np.where(
        seen, spoken, np.where(c["present"], "NOT_RECORDED", np.where(rng.random(n) < 0.5, "NOT_THERE", ""))
    )
    columns = {
        **police_person(pop, child, rng, i["recorded"].to_numpy().astype("datetime64[D]")),
        "incident_ref": i["ref"].to_numpy(object),
        "record_type": np.where(i["crime"], "CRIME", "INCIDENT").astype(object),
        "child_role": c["role"].to_numpy(object),
        "district": i["district"].to_numpy(object),
        "occurred_at": british_time(i["at"].to_numpy()),
        "recorded_at": british_time(i["recorded"].to_numpy()),
        "attended": _yes(i["attended"].to_numpy()),
        "children_in_household": i["number"].astype(str).to_numpy(object),
        "child_present": _yes(c["present"].to_numpy()),
        "child_seen": _yes(seen),
        "voice_recorded": voice.astype(object),
        "risk_grade": i["grade"].to_numpy(object),
        "_period": month_id(i["recorded"].to_numpy()),
        "_child": child,
    }
    return pd.DataFrame(laid_out(world.contracts[ABUSE], "children", columns, n))


def _protection_rows(world: World, abuse: Abuse) -> pd.DataFrame:
    """Uses of the power, brothers and sisters together; one in a hundred lasts longer than the law allows."""
    pop = world.population
    rng = pop.rng("police-protection")
    day = days_between(rng, pop.count(A_MONTH["protection"] * MONTHS * 0.75, 2 * MONTHS))
    lead = chosen(pop, rng, day, (0, 16.5), 1.5)
    row, child = Families.of(pop).members(lead)
    age = (day[row] - pop.birth(child)).astype(int)
    keep = (child == lead[row]) | ((age >= 0) & (age < 4000) & (rng.random(len(row)) < 0.35))
    keep &= pop.lives(child, day[row])
    row, child = row[keep], child[keep]
    use = len(day)
    start = moments(rng, day, 0.6)
    hours = np.clip(rng.gamma(2.2, 11.0, use), 1.5, 71.5)
    hours = np.where(rng.random(use) < 0.012, rng.uniform(72.5, 90, use), hours)
    told = start + rng.integers(15, 300, use) * MINUTE
    end = start + (hours * 60).astype(int) * MINUTE
    handed = np.minimum(start + (hours * 60 * rng.uniform(0.3, 1.0, use)).astype(int) * MINUTE, end)
    handed = np.where(rng.random(use) < 0.82, np.maximum(handed, start + 20), NEVER)
    n = len(row)
    number = np.arange(1, n + 1)
    columns = {
        **police_person(pop, child, rng, start[row].astype("datetime64[D]")),
        "protection_ref": "PP"
        + short_year(start[row])
        + "-"
        + np.char.zfill(number.astype(str), 5).astype(object),
        "reason": draw(
            rng,
            {
                "NEGLECT": 24,
                "PHYSICAL": 16,
                "SEXUAL": 6,
                "DOMESTIC_ABUSE": 13,
                "PARENT_UNFIT": 17,
                "ALONE": 8,
                "MISSING": 9,
                "EXPLOITATION": 5,
                "OTHER": 2,
            },
            use,
        )[row],
        "started_at": british_time(start[row]),
        "council_told_at": british_time(np.where(rng.random(use) < 0.93, told, NEVER)[row]),
        "handed_over_at": british_time(handed[row]),
        "ended_at": british_time(end[row]),
        "place": draw(rng, {"COUNCIL": 55, "HOSPITAL": 17, "FAMILY": 19, "STATION": 3, "OTHER": 6}, use)[row],
        "_period": month_id(start[row]),
        "_child": child,
    }
    return pd.DataFrame(laid_out(world.contracts[PROTECTION], "powers", columns, n))


def _schools_of(world: World, child: Array, day: Array, age: Array) -> Array:
    """The URN of each child's school: the same one in a phase while the school is open, from the year's register."""
    area = world.population.children["area"].to_numpy()[child]
    month = day.astype("datetime64[M]").astype(int)
    year = np.clip(1970 + (month - 8) // 12 + 1, cal.SCHOOL_YEARS[0], cal.SCHOOL_YEARS[-1])
    out = np.full(len(child), "", dtype=object)
    for a in (0, 1):
        for y in cal.SCHOOL_YEARS:
            register = world.frames["schools"][a][y]["register"]
            live = register[register["status"] == "OPEN"]
            for older, phases in (
                (False, ("PRIMARY", "SPECIAL")),
                (True, ("SECONDARY", "POST16", "SPECIAL")),
            ):
                urns = live.loc[live["phase"].isin(phases), "school_urn"].to_numpy(object)
                urns = urns if len(urns) else live["school_urn"].to_numpy(object)
                here = (area == a) & (year == y) & ((age >= 11) == older)
                out[here] = urns[(chance(child[here], 109) * len(urns)).astype(int)]
    return out


def _encompass_rows(world: World, abuse: Abuse) -> pd.DataFrame:
    """A row for each child of two to seventeen of an attended incident whose home is in the area."""
    pop = world.population
    rng = pop.rng("encompass")
    c = abuse.children
    i = abuse.incidents.iloc[c["incident"].to_numpy()].reset_index(drop=True)
    child, at = c["child"].to_numpy(), i["at"].to_numpy().astype("datetime64[m]")
    day = at.astype("datetime64[D]")
    age = (day - pop.birth(child)).astype(int) / 365.25
    pick = i["attended"].to_numpy() & (age >= 2) & (pop.children["area"].to_numpy()[child] != VISITOR)
    pick &= (age >= 4.2) | (rng.random(len(c)) < 0.5)
    child, at, day, age = child[pick], at[pick], day[pick], age[pick]
    recorded = i["recorded"].to_numpy().astype("datetime64[m]")[pick]
    n = len(child)
    luck = rng.random(n)
    recipient = np.where(age < 4.2, "EARLY_YEARS", "SCHOOL")
    recipient = np.where((age >= 5) & (chance(child, 113) < 0.012), "EHE_OFFICER", recipient)
    recipient = np.where(luck < 0.045, "NOT_MATCHED", recipient).astype(object)
    urn = np.where(recipient == "SCHOOL", _schools_of(world, child, day, age), "").astype(object)
    morning = np.is_busday(day, busdaycal=BUSDAYS) & (
        (at - day.astype("datetime64[m]")).astype(int) < SCHOOL_STARTS
    )
    following = np.busday_offset(day + 1, 0, roll="forward", busdaycal=BUSDAYS)
    starts = np.where(morning, day, following).astype("datetime64[m]") + SCHOOL_STARTS * MINUTE
    soon = np.maximum(starts - rng.integers(5, 110, n) * MINUTE, np.minimum(recorded, at + 30) + 10)
    notified = np.where(rng.random(n) < 0.83, soon, starts + rng.integers(5, 2600, n) * MINUTE)
    notified = np.where((recipient == "NOT_MATCHED") | (rng.random(n) < 0.05), NEVER, notified)
    columns = {
        **police_person(pop, child, rng, day),
        "incident_ref": i["ref"].to_numpy(object)[pick],
        "upn": np.where((recipient == "SCHOOL") & (chance(child, 11) < 0.6), pop.upn(child), ""),
        "child_present": _yes(c["present"].to_numpy()[pick]),
        "recipient": recipient,
        "school_urn": urn,
        "incident_at": british_time(at),
        "notified_at": british_time(notified),
        "voice_included": np.where(np.isnat(notified), "", _yes(rng.random(n) < 0.47)),
        "_period": month_id(at),
        "_child": child,
    }
    return pd.DataFrame(laid_out(world.contracts[ENCOMPASS], "notices", columns, n))


def _notice_rows(world: World, abuse: Abuse) -> pd.DataFrame:
    """Notices after domestic abuse, after missing episodes and about other worries."""
    pop = world.population
    rng = pop.rng("protection-notices")
    c, m = abuse.children, world.missing.police
    i = abuse.incidents.iloc[c["incident"].to_numpy()].reset_index(drop=True)
    after = rng.random(len(c)) < np.where(i["attended"], 0.72, 0.25)
    reported = m["reported_at"].to_numpy().astype("datetime64[m]")
    gone = (reported >= FIRST) & (rng.random(len(m)) < 0.35)
    other = days_between(rng, pop.count(A_MONTH["other_notices"] * MONTHS, 2 * MONTHS))
    worried = chosen(pop, rng, other, (0, 18))
    frame = pd.DataFrame(
        {
            "child": np.r_[c["child"].to_numpy()[after], m["child"].to_numpy()[gone], worried],
            "made": np.r_[
                i["recorded"].to_numpy().astype("datetime64[m]")[after], reported[gone], moments(rng, other)
            ]
            + np.r_[
                rng.integers(10, 400, int(after.sum())),
                rng.integers(60, 1400, int(gone.sum())),
                np.zeros(len(other), int),
            ]
            * MINUTE,
            "incident": np.r_[
                i["ref"].to_numpy(object)[after], np.full(int(gone.sum()) + len(other), "", dtype=object)
            ],
            "kind": np.r_[
                np.full(int(after.sum()), "DOMESTIC_ABUSE", dtype=object),
                np.full(int(gone.sum()), "MISSING", dtype=object),
                draw(
                    rng,
                    {
                        "NEGLECT": 25,
                        "ABUSE": 24,
                        "EXPLOITATION": 10,
                        "MENTAL_HEALTH": 20,
                        "PARENT": 14,
                        "OTHER": 7,
                    },
                    len(other),
                ),
            ],
            "group": np.r_[c["incident"].to_numpy()[after], -1 - np.arange(int(gone.sum()) + len(other))],
        }
    )
    frame = frame[(frame["made"] <= pd.Timestamp("2026-03-31T23:59"))].sort_values(
        ["made", "child"], kind="stable", ignore_index=True
    )
    # One notice covers all children of an incident.
    first = frame.groupby("group", sort=False)["made"].transform("min")
    number = frame.groupby("group", sort=False).ngroup().to_numpy() + 1
    n, child, made = len(frame), frame["child"].to_numpy(), first.to_numpy().astype("datetime64[m]")
    wait = np.where(
        rng.random(number.max() + 1) < 0.88,
        rng.exponential(420, number.max() + 1),
        rng.uniform(1450, 9000, number.max() + 1),
    )
    wait = np.minimum(wait, 9000).astype(int)[number]
    sent = np.where((rng.random(number.max() + 1) < 0.035)[number], NEVER, made + wait * MINUTE)
    had = np.where(
        rng.random(n) < 0.86, sent + np.minimum(rng.exponential(300, n), 2000).astype(int) * MINUTE, NEVER
    )
    person = police_person(pop, child, rng, made.astype("datetime64[D]"))
    columns = {
        **person,
        "notice_ref": "PPN" + np.char.zfill(number.astype(str), 7).astype(object),
        "incident_ref": frame["incident"].to_numpy(object),
        "notice_type": frame["kind"].to_numpy(object),
        "risk": draw(rng, {"STANDARD": 55, "MEDIUM": 33, "HIGH": 12}, number.max() + 1)[number],
        "made_at": british_time(made),
        "sent_at": british_time(sent),
        "received_at_council": british_time(had),
        "recipient_la": np.where(
            np.isnat(sent), "", np.where(rng.random(n) < 0.985, person["home_la"], "860")
        ),
        "_period": month_id(made),
        "_child": child,
    }
    return pd.DataFrame(laid_out(world.contracts[NOTICES], "notices", columns, n))


def plant(p: Planter) -> None:
    """The faults that such files have: spellings, stand-ins, an older scale, clocks that disagree, repeats, tests."""
    places = {"860": "Staffordshire", "861": "Stoke"}
    rules = {ABUSE: "PO02", PROTECTION: "PO04", ENCOMPASS: "PO05", NOTICES: "PO08"}
    tables = {ABUSE: "children", PROTECTION: "powers", ENCOMPASS: "notices", NOTICES: "notices"}
    for key, table in tables.items():
        p.cells(
            key, table, "home_la", 12, each(lambda s: places[s]), "code in words", "codelist_spelling", "mended",
            where=lambda f: f["home_la"].isin(list(places)),
        )  # fmt: skip
        p.cells(
            key,
            table,
            "birth_date",
            12,
            put("01/01/1900"),
            "stand-in birth date",
            f"{rules[key]}-DOB",
            "warned",
        )
        p.cells(key, table, "ethnicity", 10, put("-", "N/A", "NULL"), "stand-in for blank", None, "mended")
        p.cells(key, table, "nhs_number", 6, each(wrong_digit), "check digit wrong", "checksum", "warned")
    words = {"VICTIM": "Child Victim", "HOUSEHOLD": "Lives at address", "VISITOR": "Visiting"}
    p.cells(
        ABUSE,
        "children",
        "child_role",
        12,
        each(lambda s: words[s]),
        "code in words",
        "codelist_spelling",
        "mended",
    )
    older = {"STANDARD": "BRONZE", "MEDIUM": "SILVER", "HIGH": "GOLD"}
    p.cells(
        ABUSE, "children", "risk_grade", 12, each(lambda s: older[s]), "code of an older scale", "codelist_year", "mended",
        where=lambda f: f["risk_grade"].isin(list(older)), only=lambda d: d.year > 2023,
    )  # fmt: skip
    p.cells(
        ABUSE, "children", "recorded_at", 6, each(iso_date), "ISO date among British ones", "mended", "mended"
    )
    p.cells(
        ABUSE, "children", "voice_recorded", 10, put(""), "voice left empty though the child was seen", "PO02-VOICE", "warned",
        where=lambda f: f["child_seen"] == "Y",
    )  # fmt: skip
    p.extras(ABUSE, "children", 5, {"nominal_ref": "", "forename": "TEST", "surname": "RECORD", "nhs_number": ""},
             "test record without an id", "nominal_ref.required", fresh="incident_ref")  # fmt: skip
    p.extras(ABUSE, "children", 6, {}, "row repeated", "unique")
    p.cells(
        PROTECTION, "powers", "council_told_at", 4, put("asap"), "unreadable time", "readable", "warned",
    )  # fmt: skip
    p.extras(
        PROTECTION,
        "powers",
        3,
        {"ended_at": "01/01/2001 08:00"},
        "ended before it began",
        "PO04-ORDER",
        fresh="protection_ref",
    )
    p.cells(
        ENCOMPASS, "notices", "school_urn", 10, put(""), "school not named", "PO05-URN", "warned",
        where=lambda f: f["recipient"] == "SCHOOL",
    )  # fmt: skip
    p.cells(ENCOMPASS, "notices", "school_urn", 8, put("999999"), "URN of no school", None, "warned")
    p.cells(ENCOMPASS, "notices", "recipient", 8, each(lambda s: s.title()), "code in another spelling", None, "mended",
            where=lambda f: f["recipient"] == "SCHOOL")  # fmt: skip
    p.extras(ENCOMPASS, "notices", 5, {}, "row repeated", "unique")
    p.cells(
        NOTICES, "notices", "received_at_council", 8, put("01/04/2023 00:05"), "received before it was sent", "PO08-RECEIVED", "warned",
        where=lambda f: f["sent_at"] != "",
    )  # fmt: skip
    p.cells(NOTICES, "notices", "risk", 10, each(str.title), "code in another spelling", None, "mended")
    p.extras(NOTICES, "notices", 5, {}, "row repeated", "unique")
