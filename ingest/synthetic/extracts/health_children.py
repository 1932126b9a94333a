"""What the NHS writes down of children beyond those in care (HE01, HE02, HE05, HE06, HE08): visits, attendances, waits, missed appointments.

Lives here: health visitor reviews by birth, attendances with a safeguarding code, mental health referrals and how they go on, missed
appointments, bookings with a worry about the unborn child.
Add here: another extract about single children.
Must not live here: counts (health_counts.py), assessments of looked-after children (others.py).

Shares: new birth visits within 14 days and reviews with ASQ-3 follow OHID's figures for the region and the two councils (domain specification HL01
and HL02); of mental health referrals 32 per cent are helped, 28 wait and 39 are closed before support in England (HL06). All volumes but births are
synthetic.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from ingest.synthetic.agencies import british, british_time, chance, quarter_id
from ingest.synthetic.days import NEVER, plus
from ingest.synthetic.defects import Planter, each, iso_date, put, serial, wrong_digit
from ingest.synthetic.extracts.police_crime import versions
from ingest.synthetic.people import (
    FIRST,
    LAST,
    chosen,
    days_between,
    laid_out,
    moments,
    month_id,
    nhs_person,
    provider,
)
from ingest.synthetic.population import VISITOR, Array, draw
from ingest.synthetic.world import World, split
from ingest.synthetic.writers import Delivery

NHS: Final = "nhs_ssot"
VISITS, EMERGENCY, CAMHS, MISSED, MATERNITY = (
    "health/health_visiting",
    "health/emergency_department",
    "health/camhs",
    "health/was_not_brought",
    "health/maternity",
)
MONTHS: Final = 36
#: A month at full size: attendances with a safeguarding code, mental health referrals, missed appointments. Synthetic.
A_MONTH: Final = {"attendances": 260, "camhs": 230, "missed": 380}
#: Review: the age in days that counts, done at all, done in its window (14 days, 8 weeks, 12 months, 2.5 years) if done, last day in.
REVIEWS: Final = {
    "NBV": (30, 0.98, 0.845, 14),
    "6_8W": (56, 0.90, 0.93, 56),
    "12M": (365, 0.88, 0.90, 365),
    "2_2.5Y": (913, 0.83, 0.97, 913),
}
ASQ3: Final = 0.945
#: Days around the window's last day: earliest in it, latest after it (never after the day that counts by more than a month).
EARLY: Final = {"NBV": 9, "6_8W": 41, "12M": 275, "2_2.5Y": 731}
#: Share of unborn children with a worry, and of them: concealed, known to the council before birth. Synthetic.
WORRY, CONCEALED, TOLD = 0.055, 0.045, 0.46
VULNERABLE: Final = {
    "domestic_abuse": 0.34,
    "substance_misuse": 0.24,
    "mental_health": 0.55,
    "learning_disability": 0.05,
    "young_mother": 0.09,
    "care_experienced": 0.13,
    "previous_removal": 0.10,
}


def deliveries(world: World) -> Iterator[Delivery]:
    """Five extracts: attendances and missed appointments by month, the others by quarter."""
    rng = world.population.rng("health-children-sending")
    for key, table, name, rows in (
        (VISITS, "reviews", "health_visiting", _review_rows(world)),
        (EMERGENCY, "attendances", "emergency_department", _attendance_rows(world)),
        (CAMHS, "referrals", "camhs", _camhs_rows(world)),
        (MISSED, "appointments", "was_not_brought", _missed_rows(world)),
        (MATERNITY, "bookings", "maternity", _maternity_rows(world)),
    ):
        for period, frame in split(rows):
            yield world.sent(key, NHS, period, f"{name}_{period}.csv", {table: frame}, None, rng)


def _numbered(prefix: str, n: int, width: int = 7) -> Array:
    return prefix + np.char.zfill(np.arange(1, n + 1).astype(str), width).astype(object)


def unborn_ref(child: Array) -> Array:
    """The reference of an unborn child: a mother's local number and the number of the pregnancy."""
    return (
        np.char.zfill((child // 3 + 5_000_000).astype(str), 9).astype(object)
        + "/"
        + (child % 3 + 1).astype(str).astype(object)
    )


def _worry(world: World) -> Array:
    """Unborn children about whom maternity has a worry, those whom the council knew before birth first."""
    pop = world.population
    born = pop.children["birth"].to_numpy().astype("datetime64[D]")
    area = pop.children["area"].to_numpy()
    own = pop.children["origin"].to_numpy() < 0  # a new identity was never unborn
    index = np.flatnonzero((born > FIRST + 20) & (born < LAST + 200) & (area != VISITOR) & own)
    early = np.zeros(len(born), bool)
    for careers in world.careers:
        e = careers.episodes
        who = e["child"].to_numpy()
        early[who[e["ref"].to_numpy().astype("datetime64[D]") < born[who]]] = True
    return index[(early[index] & (chance(index, 211) < 0.8)) | (chance(index, 223) < WORRY)]


def _review_rows(world: World) -> pd.DataFrame:
    """A row for each child and review whose counting day falls in the time covered; a contact before birth where there is a worry."""
    pop = world.population
    rng = pop.rng("health-visiting")
    born = pop.children["birth"].to_numpy().astype("datetime64[D]")
    here = pop.children["area"].to_numpy() != VISITOR
    parts = []
    for review, (counts, done, in_time, last) in REVIEWS.items():
        child = np.flatnonzero(here & (born + counts >= FIRST) & (born + counts <= LAST))
        child = child[pop.lives(child, born[child] + counts)]
        n = len(child)
        soon = rng.integers(EARLY[review], last + 1, n)
        age = np.where(
            rng.random(n) < in_time, soon, last + 1 + np.minimum(rng.exponential(6, n), 26).astype(int)
        )
        parts.append(
            pd.DataFrame(
                {
                    "child": child,
                    "review": review,
                    "counted": born[child] + counts,
                    "age": age,
                    "done": rng.random(n) < done,
                }
            )
        )
    unborn = _worry(world)
    unborn = unborn[(born[unborn] <= LAST) & (born[unborn] >= FIRST)]
    parts.append(
        pd.DataFrame(
            {
                "child": unborn, "review": "ANTENATAL", "counted": born[unborn], "age": -rng.integers(15, 80, len(unborn)),
                "done": rng.random(len(unborn)) < 0.62,
            }
        )
    )  # fmt: skip
    r = pd.concat(parts, ignore_index=True).sort_values(
        ["counted", "child", "review"], kind="stable", ignore_index=True
    )
    n, child = len(r), r["child"].to_numpy()
    before, done = (r["review"] == "ANTENATAL").to_numpy(), r["done"].to_numpy()
    counted = r["counted"].to_numpy().astype("datetime64[D]")
    person = nhs_person(pop, child, np.minimum(counted, born[child] + r["age"].to_numpy()))
    for name in ("nhs_number", "forename", "birth_date", "sex", "ethnicity"):
        person[name] = np.where(before, "", person[name])
    person["local_patient_id"] = np.where(before, unborn_ref(child), person["local_patient_id"])
    columns = {
        **person,
        "review_ref": _numbered("HV", n),
        "expected_birth_date": np.where(before, british(_expected(world, child)), ""),
        "provider": "MPFT",
        "review_type": r["review"].to_numpy(object),
        "done_on": british(np.where(done, born[child] + r["age"].to_numpy(), NEVER)),
        "counted_on": british(counted),
        "age_days": np.where(done & ~before, r["age"].astype(str), ""),
        "asq3": np.where(done & (r["review"] == "2_2.5Y"), np.where(rng.random(n) < ASQ3, "Y", "N"), ""),
        "not_done_reason": np.where(
            done,
            "",
            draw(
                rng,
                {
                    "DECLINED": 25,
                    "NOT_BROUGHT": 38,
                    "IN_HOSPITAL": 5,
                    "MOVED": 14,
                    "CAPACITY": 12,
                    "OTHER": 6,
                },
                n,
            ),
        ),
        "_period": quarter_id(counted),
        "_child": child,
    }
    columns["provider"] = np.full(n, "MPFT", dtype=object)
    return pd.DataFrame(laid_out(world.contracts[VISITS], "reviews", columns, n))


def _expected(world: World, child: Array) -> Array:
    """The expected date of birth, a few days from the true one, as the census has it."""
    return plus(world.population.birth(child), np.rint((chance(child, 43) - 0.5) * 24).astype(int))


def _attendance_rows(world: World) -> pd.DataFrame:
    pop = world.population
    rng = pop.rng("emergency-department")
    n = pop.count(A_MONTH["attendances"] * MONTHS, 3 * MONTHS)
    day = days_between(rng, n)
    old = rng.random(n) < 0.72
    child = np.where(old, chosen(pop, rng, day, (10, 18), 0.6), chosen(pop, rng, day, (0, 10), 0.6))
    teen = draw(
        rng,
        {
            "SELF_HARM": 52,
            "MENTAL_HEALTH": 22,
            "ASSAULT": 9,
            "SEXUAL": 2,
            "HEAD_INJURY": 3,
            "ALCOHOL_DRUGS": 11,
            "OTHER": 1,
        },
        n,
    )
    young = draw(
        rng,
        {
            "HEAD_INJURY": 30,
            "FRACTURE_INFANT": 9,
            "BURN": 17,
            "INGESTION": 26,
            "ASSAULT": 8,
            "SEXUAL": 2,
            "NEGLECT": 5,
            "OTHER": 3,
        },
        n,
    )
    infant = (day - pop.birth(child)).astype(int) < 400
    young = np.where((young == "FRACTURE_INFANT") & ~infant, "INGESTION", young)
    complaint = np.where(old, teen, young).astype(object)
    intent = np.select(
        [complaint == "SELF_HARM", complaint == "ASSAULT", np.isin(complaint, ("HEAD_INJURY", "FRACTURE_INFANT", "BURN", "INGESTION"))],
        ["SELF_HARM", "ASSAULT", draw(rng, {"ACCIDENT": 86, "UNDETERMINED": 11, "ASSAULT": 3}, n)],
        "",
    )  # fmt: skip
    arrived = np.sort(moments(rng, day, 0.5))
    columns = {
        **nhs_person(pop, child, day),
        "attendance_ref": _numbered("ED", n),
        "provider": provider(pop, child, "UHNM", "UHDB"),
        "arrived_at": british_time(arrived),
        "complaint": complaint,
        "injury_intent": intent.astype(object),
        "cpis_checked": draw(rng, {"Y": 71, "N": 19, "": 10}, n),
        "social_care_told": np.where(rng.random(n) < np.where(np.isin(complaint, ("ASSAULT", "SEXUAL", "NEGLECT", "FRACTURE_INFANT")), 0.8, 0.24), "Y", "N").astype(object),
        "discharge": draw(rng, {"HOME": 62, "ADMITTED": 30, "TRANSFERRED": 3, "LEFT": 4, "OTHER": 1}, n),
        "_period": month_id(arrived),
        "_child": child,
    }  # fmt: skip
    return pd.DataFrame(laid_out(world.contracts[EMERGENCY], "attendances", columns, n))


def _camhs_rows(world: World) -> pd.DataFrame:
    """Referrals and how they go on: a row in each quarter in which something changed."""
    pop = world.population
    rng = pop.rng("camhs")
    n = pop.count(A_MONTH["camhs"] * MONTHS, 3 * MONTHS)
    received = days_between(rng, n)
    child = chosen(pop, rng, received, (4, 18), 0.4)
    fate = draw(rng, {"helped": 32, "waits": 28, "closed": 40}, n)
    first = plus(received, rng.gamma(1.6, 20, n).astype(int) + 1)
    second = plus(first, rng.gamma(1.5, 24, n).astype(int) + 3)
    closed = np.where(
        fate == "helped", plus(second, rng.gamma(2.5, 70, n).astype(int) + 14),
        np.where(fate == "closed", plus(received, rng.gamma(1.5, 22, n).astype(int) + 2), NEVER),
    )  # fmt: skip
    first = np.where((fate == "closed") | ((fate == "waits") & (rng.random(n) < 0.6)), NEVER, first)
    second = np.where(fate == "helped", second, NEVER)
    why = np.where(
        fate == "helped", draw(rng, {"TREATED": 78, "DECLINED": 8, "TRANSFERRED": 8, "MOVED": 4, "OTHER": 2}, n),
        draw(rng, {"NOT_ACCEPTED": 46, "ADVICE": 34, "NO_CONTACT": 10, "DECLINED": 8, "OTHER": 2}, n),
    )  # fmt: skip
    reason = draw(
        rng, {"ANXIETY": 24, "DEPRESSION": 11, "SELF_HARM": 9, "CRISIS": 7, "EATING": 4, "BEHAVIOUR": 6, "NEURODEVELOPMENT": 18, "TRAUMA": 4, "PSYCHOSIS": 1, "OTHER": 3, "UNKNOWN": 13}, n
    )  # fmt: skip
    source = draw(
        rng,
        {
            "GP": 38,
            "SCHOOL": 21,
            "SOCIAL_CARE": 5,
            "HOSPITAL": 10,
            "FAMILY": 13,
            "OTHER_HEALTH": 9,
            "JUSTICE": 1,
            "OTHER": 3,
        },
        n,
    )
    row, day = versions(received, [first, second, closed], "quarter")

    def known(when: Array) -> Array:
        return np.where(~np.isnat(when[row]) & (when[row] <= day), british(when[row]), "").astype(object)

    shut = known(closed)
    columns = {
        **nhs_person(pop, child[row], received[row]),
        "referral_ref": _numbered("MH", n)[row],
        "provider": provider(pop, child[row], "NSCHT", "MPFT"),
        "reason": reason[row],
        "source": source[row],
        "received_on": british(received[row]),
        "first_contact_on": known(first),
        "second_contact_on": known(second),
        "closed_on": shut,
        "closure_reason": np.where(shut != "", why[row], "").astype(object),
        "changed_on": british(day),
        "_period": quarter_id(day),
        "_child": child[row],
    }
    return pd.DataFrame(laid_out(world.contracts[CAMHS], "referrals", columns, len(row)))


def _missed_rows(world: World) -> pd.DataFrame:
    pop = world.population
    rng = pop.rng("was-not-brought")
    n = pop.count(A_MONTH["missed"] * MONTHS, 3 * MONTHS)
    day = np.busday_offset(days_between(rng, n), 0, roll="backward")
    day = np.sort(np.maximum(day, FIRST + 2))
    child = chosen(pop, rng, day, (0.1, 18), 0.7)
    alone = (day - pop.birth(child)).astype(int) > 5900
    kind = np.where(
        rng.random(n) < 0.08, "LATE_CANCEL", np.where(alone & (rng.random(n) < 0.7), "DNA", "WNB")
    ).astype(object)
    done = (kind != "LATE_CANCEL") & (rng.random(n) < 0.58)
    month_end = (day.astype("datetime64[M]") + 1).astype("datetime64[D]") + 14
    followed = np.where(done, np.minimum(plus(day, rng.integers(0, 21, n)), month_end), NEVER)
    columns = {
        **nhs_person(pop, child, day),
        "appointment_ref": _numbered("AP", n),
        "provider": provider(pop, child, "UHNM", "MPFT"),
        "specialty": draw(
            rng, {"PAEDIATRICS": 24, "SURGERY": 8, "ORTHOPAEDICS": 8, "EYES": 10, "AUDIOLOGY": 9, "DENTAL": 8, "THERAPY": 14, "MENTAL_HEALTH": 10, "COMMUNITY": 8, "OTHER": 1}, n
        ),
        "kind": kind,
        "appointment_on": british(day),
        "missed_in_a_row": draw(rng, {"1": 74, "2": 17, "3": 6, "4": 2, "5": 1}, n),
        "followed_up": np.where(done, "Y", "N").astype(object),
        "followed_up_on": british(followed),
        "followup_kind": np.where(done, draw(rng, {"SPOKEN": 44, "PROFESSIONALS": 41, "SOCIAL_CARE": 8, "REBOOKED": 7}, n), "").astype(object),
        "_period": month_id(day),
        "_child": child,
    }  # fmt: skip
    return pd.DataFrame(laid_out(world.contracts[MISSED], "appointments", columns, n))


def _maternity_rows(world: World) -> pd.DataFrame:
    """A row in the quarter of booking, in that of telling the council, and in that of birth; late when the pregnancy was concealed."""
    pop = world.population
    rng = pop.rng("maternity")
    child = _worry(world)
    n = len(child)
    birth = pop.birth(child)
    concealed = rng.random(n) < CONCEALED
    weeks = np.where(concealed, rng.integers(22, 40, n), np.clip(rng.normal(10, 3, n), 5, 24)).astype(int)
    booked = birth - (40 - weeks) * 7 + rng.integers(-3, 4, n)
    booked = np.minimum(booked, birth - 1)
    told = np.where(rng.random(n) < TOLD, np.minimum(plus(booked, rng.integers(0, 90, n)), birth - 1), NEVER)
    keep = (booked >= FIRST) & (booked <= LAST)
    child, birth, concealed, weeks, booked, told = (
        v[keep] for v in (child, birth, concealed, weeks, booked, told)
    )
    order = np.lexsort((child, booked))
    child, birth, concealed, weeks, booked, told = (
        v[order] for v in (child, birth, concealed, weeks, booked, told)
    )
    n = len(child)
    flags = {name: rng.random(n) < share for name, share in VULNERABLE.items()}
    none = ~concealed & ~np.any(list(flags.values()), axis=0) & np.isnat(told)
    flags["mental_health"] |= none
    registered = plus(birth, np.full(n, 5))
    row, day = versions(booked, [told, registered], "quarter")
    known, born = ~np.isnat(told[row]) & (told[row] <= day), registered[row] <= day
    area = pop.children["area"].to_numpy()[child[row]]
    columns = {
        "booking_ref": _numbered("MB", n, 6)[row],
        "unborn_ref": unborn_ref(child[row]),
        "nhs_number": np.where(born & (chance(child[row], 83) < 0.985), pop.nhs(child[row]), ""),
        "birth_date": np.where(born, british(birth[row]), ""),
        "expected_birth_date": british(_expected(world, child[row])),
        "home_la": np.array(["860", "861", "OTH"], dtype=object)[area],
        "provider": provider(pop, child[row], "UHNM", "UHDB"),
        "booked_on": british(booked[row]),
        "gestation_weeks": weeks[row].astype(str).astype(object),
        "concealed": np.where(concealed[row], "Y", "N").astype(object),
        **{name: np.where(flag[row], "Y", "N").astype(object) for name, flag in flags.items()},
        "pre_birth_referral": np.where(known, "Y", "N").astype(object),
        "pre_birth_referred_on": np.where(known, british(told[row]), ""),
        "changed_on": british(day),
        "_period": quarter_id(day),
        "_child": child[row],
    }
    return pd.DataFrame(laid_out(world.contracts[MATERNITY], "bookings", columns, len(row)))


def plant(p: Planter) -> None:
    """The faults that such files have: spellings, stand-ins, Excel's numbers for days, an older data set's codes, repeats."""
    places = {"860": "Staffordshire", "861": "Stoke-on-Trent"}
    for key, table, rule in (
        (VISITS, "reviews", "HE01-DOB"),
        (EMERGENCY, "attendances", "HE02-DOB"),
        (CAMHS, "referrals", "HE05-DOB"),
        (MISSED, "appointments", "HE06-DOB"),
    ):
        p.cells(
            key, table, "home_la", 10, each(lambda s: places[s]), "code in words", "codelist_spelling", "mended",
            where=lambda f: f["home_la"].isin(list(places)),
        )  # fmt: skip
        p.cells(key, table, "birth_date", 6, put("01/01/1900"), "stand-in birth date", rule, "warned")
        p.cells(
            key,
            table,
            "nhs_number",
            6,
            each(lambda s: f"{s[:3]} {s[3:6]} {s[6:]}"),
            "spaces inside a number",
            "mended",
            "mended",
        )
        p.cells(key, table, "nhs_number", 6, each(wrong_digit), "check digit wrong", "checksum", "warned")
        p.cells(key, table, "ethnicity", 8, put("-", "N/A", "NULL"), "stand-in for blank", None, "mended")
        p.extras(key, table, 4, {}, "row repeated", "unique")
    words = {
        "NBV": "New birth visit",
        "6_8W": "6-8 week",
        "12M": "12 months",
        "2_2.5Y": "2.5 year",
        "ANTENATAL": "Antenatal contact",
    }
    p.cells(
        VISITS,
        "reviews",
        "review_type",
        12,
        each(lambda s: words[s]),
        "code in words",
        "codelist_spelling",
        "mended",
    )
    p.extras(
        VISITS,
        "reviews",
        4,
        {"local_patient_id": ""},
        "row without an id",
        "local_patient_id.required",
        fresh="review_ref",
    )
    older = {"SELF_HARM": "40", "ASSAULT": "30", "ACCIDENT": "70"}
    p.cells(
        EMERGENCY, "attendances", "injury_intent", 8, each(lambda s: older[s]), "code of the older data set", "codelist_year", "mended",
        where=lambda f: f["injury_intent"].isin(list(older)),
    )  # fmt: skip
    p.cells(
        EMERGENCY,
        "attendances",
        "arrived_at",
        6,
        each(iso_date),
        "ISO date among British ones",
        "mended",
        "mended",
    )
    p.cells(CAMHS, "referrals", "first_contact_on", 6, each(serial), "Excel serial date", "mended", "mended")
    p.cells(CAMHS, "referrals", "closure_reason", 6, put(""), "closed without a reason", "HE05-WHY", "warned")
    p.extras(CAMHS, "referrals", 3, {"closed_on": "01/01/2001", "closure_reason": "ADVICE"}, "closed before it was received", "HE05-CLOSED",
             fresh="referral_ref")  # fmt: skip
    p.cells(MISSED, "appointments", "kind", 8, each(lambda s: {"WNB": "Was not brought", "DNA": "Did not attend"}.get(s, "Cancelled")),
            "code in words", "codelist_spelling", "mended")  # fmt: skip
    p.cells(
        MISSED,
        "appointments",
        "followed_up_on",
        6,
        put(""),
        "follow-up without a date",
        "HE06-DATE",
        "warned",
    )
    p.cells(
        MATERNITY,
        "bookings",
        "pre_birth_referred_on",
        3,
        put(""),
        "referral before birth without a date",
        "HE08-DATE",
        "warned",
    )
    p.extras(
        MATERNITY,
        "bookings",
        2,
        {"unborn_ref": ""},
        "row without an id",
        "unborn_ref.required",
        fresh="booking_ref",
    )
