"""What the police hold on children as victims of crime, of exploitation, of domestic abuse at MARAC, and in custody (PO03, PO06, PO07, PO09).

Lives here: crimes with a child victim and how their records change, risk assessments and MARAC cases, NRM referrals, detentions.
Add here: another record about crime or custody.
Must not live here: incidents and notices (police_incidents.py).

Volumes and shares are synthetic except referrals to the domestic abuse service: 14,160 from October 2018 to July 2021, 62.9 per cent of them
of Staffordshire residents (domain specification DA09).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from ingest.synthetic.agencies import british, british_time, quarter_id
from ingest.synthetic.days import NEVER, plus
from ingest.synthetic.defects import Planter, each, put, serial, wrong_digit
from ingest.synthetic.extracts.police_incidents import FORCE, MONTHS, domestic_abuse
from ingest.synthetic.people import (
    FIRST,
    LAST,
    MINUTE,
    chosen,
    days_between,
    home,
    laid_out,
    moments,
    month_id,
    police_person,
    short_year,
)
from ingest.synthetic.population import Array, draw
from ingest.synthetic.world import World, split
from ingest.synthetic.writers import Delivery, Style

CRIME, MARAC, NRM, CUSTODY = (
    "police/child_crime",
    "police/dash_marac",
    "police/nrm_referrals",
    "police/custody",
)
#: A month at full size; synthetic but for the last: (14,160 referrals and enquiries in 34 months).
A_MONTH: Final = {
    "crimes": 390,
    "nrm": 11,
    "detentions": 105,
    "assessments_without_children": 260,
    "service": 14_160 / 34,
}
SERVICE_STAFFORDSHIRE: Final = 0.629
OFFENCES: Final = {
    "VIOLENCE_INJURY": 20,
    "VIOLENCE_NO_INJURY": 33,
    "STALKING_HARASSMENT": 9,
    "RAPE": 7,
    "OTHER_SEXUAL": 15,
    "ROBBERY": 4,
    "THEFT": 8,
    "DAMAGE": 2,
    "PUBLIC_ORDER": 2,
}
OUTCOMES: Final = {
    "1": 11,
    "1A": 1,
    "2": 3,
    "8": 9,
    "10": 5,
    "14": 9,
    "15": 19,
    "16": 24,
    "18": 12,
    "20": 4,
    "21": 1,
    "22": 2,
}


def deliveries(world: World) -> Iterator[Delivery]:
    """Crimes and custody by month, MARAC and NRM by quarter."""
    rng = world.population.rng("police-crime-sending")
    style = Style(encoding="cp1252")
    for key, table, name, rows in (
        (CRIME, "victims", "child_crime", _crime_rows(world)),
        (NRM, "referrals", "nrm_referrals", _nrm_rows(world)),
        (CUSTODY, "detentions", "custody", _custody_rows(world)),
    ):
        for period, frame in split(rows):
            yield world.sent(key, FORCE, period, f"{name}_{period}.csv", {table: frame}, style, rng)
    tables = {name: dict(split(rows)) for name, rows in _marac(world).items()}
    for period in sorted(tables["dash_assessments"]):
        yield world.sent(
            MARAC, FORCE, period, f"dash_marac_{period}.csv",
            {n: t.get(period, next(iter(t.values())).iloc[:0]) for n, t in tables.items()}, style, rng,
        )  # fmt: skip


def versions(start: Array, changes: list[Array], period: str) -> tuple[Array, Array]:
    """(record, day) of every row that a sender of changes sends: the last change of each month or quarter in which something changed."""
    number = np.arange(len(start))
    record = np.tile(number, 1 + len(changes))
    day = np.concatenate([start, *changes])
    known = ~np.isnat(day) & (day >= FIRST) & (day <= LAST)
    record, day = record[known], day[known]
    which = quarter_id(day) if period == "quarter" else month_id(day)
    frame = pd.DataFrame({"record": record, "day": day, "period": which})
    last = (
        frame.groupby(["record", "period"], sort=True)["day"]
        .max()
        .reset_index()
        .sort_values(["day", "record"], kind="stable")
    )
    return last["record"].to_numpy(), last["day"].to_numpy().astype("datetime64[D]")


def _by(value: Array, when: Array, day: Array) -> Array:
    """The value where it was known by the day, else blank."""
    return np.where(~np.isnat(when) & (when <= day), value, "").astype(object)


def _crime_rows(world: World) -> pd.DataFrame:
    pop = world.population
    rng = pop.rng("child-crime")
    recorded = days_between(rng, pop.count(A_MONTH["crimes"] * MONTHS, 3 * MONTHS))
    n = len(recorded)
    child = chosen(pop, rng, recorded, (1, 18), 0.7)
    offence = draw(rng, OFFENCES, n)
    sexual = np.isin(offence, ("RAPE", "OTHER_SEXUAL"))
    older = (recorded - pop.birth(child)).astype(int) > 4000
    long_ago = np.where(sexual & (rng.random(n) < 0.3), rng.integers(60, 1500, n), rng.integers(0, 12, n))
    committed = np.maximum(recorded - long_ago, pop.birth(child) + 1)
    cse = sexual & older & (rng.random(n) < 0.16)
    cce = ~sexual & older & (rng.random(n) < 0.035)
    late = rng.random(n) < 0.4
    flagged = np.where(cse | cce, plus(recorded, np.where(late, rng.integers(10, 150, n), 0)), NEVER)
    outcome_on = plus(recorded, rng.gamma(1.3, 85, n).astype(int) + 1)
    outcome_on = np.where(rng.random(n) < 0.9, outcome_on, NEVER)
    changed = rng.random(n)
    moved = np.where(changed < 0.035, plus(recorded, rng.integers(5, 90, n)), NEVER)
    cancelled = np.where((changed > 0.03) & (changed < 0.05), plus(recorded, rng.integers(3, 60, n)), NEVER)
    moved = np.where(np.isnat(cancelled), moved, NEVER)
    outcome_on = np.where(np.isnat(cancelled), outcome_on, NEVER)
    first = np.where(np.isnat(moved), offence, draw(rng, OFFENCES, n))
    moved = np.where(first == offence, NEVER, moved)
    outcome, online, abuse = (
        draw(rng, OUTCOMES, n),
        rng.random(n) < np.where(sexual, 0.34, 0.06),
        rng.random(n) < 0.17,
    )
    ref = (
        "22D" + short_year(recorded) + "-" + np.char.zfill(np.arange(1, n + 1).astype(str), 6).astype(object)
    )
    row, day = versions(recorded, [flagged, outcome_on, moved, cancelled], "month")
    told = ~np.isnat(flagged[row]) & (flagged[row] <= day)
    reclassified, gone = (~np.isnat(w[row]) & (w[row] <= day) for w in (moved, cancelled))
    person = police_person(
        pop, child, rng, recorded
    )  # the nominal of a crime does not change from file to file
    columns = {
        **{k: v[row] for k, v in person.items()},
        "crime_ref": ref[row],
        "offence_group": np.where(reclassified, offence[row], first[row]).astype(object),
        "first_offence_group": np.where(reclassified, first[row], "").astype(object),
        "crime_status": np.where(
            gone, "CANCELLED", np.where(reclassified, "RECLASSIFIED", "RECORDED")
        ).astype(object),
        "committed_on": british(committed[row]),
        "recorded_on": british(recorded[row]),
        "cse_flag": np.where(told & cse[row], "Y", "N").astype(object),
        "cce_flag": np.where(told & cce[row], "Y", "N").astype(object),
        "online_flag": np.where(online[row], "Y", "N").astype(object),
        "da_flag": np.where(abuse[row], "Y", "N").astype(object),
        "flagged_on": _by(british(flagged[row]), flagged[row], day),
        "outcome": _by(outcome[row], outcome_on[row], day),
        "outcome_on": _by(british(outcome_on[row]), outcome_on[row], day),
        "changed_on": british(day),
        "_period": month_id(day),
        "_child": child[row],
    }
    return pd.DataFrame(laid_out(world.contracts[CRIME], "victims", columns, len(row)))


def _nrm_rows(world: World) -> pd.DataFrame:
    """Referrals of children of ten and over, half of them children whom the police know as missing."""
    pop = world.population
    rng = pop.rng("nrm")
    n = pop.count(A_MONTH["nrm"] * MONTHS, MONTHS)
    referred = days_between(rng, n)
    child = chosen(pop, rng, referred, (10, 18), 1.5)
    missing = np.unique(world.missing.police["child"].to_numpy())
    other = missing[rng.integers(0, len(missing), n)]
    age = (referred - pop.birth(other)).astype(int) / 365.25
    child = np.where((rng.random(n) < 0.5) & (age >= 10) & (age < 17.9), other, child)
    reasonable = np.where(rng.random(n) < 0.96, plus(referred, rng.gamma(2, 6, n).astype(int) + 1), NEVER)
    conclusive = np.where(
        rng.random(n) < 0.75, plus(reasonable, rng.gamma(2.5, 110, n).astype(int) + 20), NEVER
    )
    first = draw(rng, {"POSITIVE": 91, "NEGATIVE": 7, "CLOSED": 2}, n)
    conclusive = np.where(first == "POSITIVE", conclusive, NEVER)
    last = draw(rng, {"POSITIVE": 88, "NEGATIVE": 8, "CLOSED": 4}, n)
    kind = draw(
        rng, {"CRIMINAL": 58, "SEXUAL": 16, "LABOUR": 11, "DOMESTIC": 1, "SEVERAL": 9, "UNKNOWN": 5}, n
    )
    by, lines = (
        draw(rng, {"POLICE": 34, "COUNCIL": 55, "GOVERNMENT": 9, "CHARITY": 2}, n),
        rng.random(n) < 0.55,
    )
    person = police_person(pop, child, rng, referred)
    row, day = versions(referred, [reasonable, conclusive], "quarter")
    columns = {
        **{k: v[row] for k, v in person.items()},
        "referral_ref": "NRM" + np.char.zfill(np.arange(1, n + 1).astype(str), 5).astype(object)[row],
        "first_responder": by[row],
        "exploitation_type": kind[row],
        "county_lines": np.where((kind == "CRIMINAL") & lines, "Y", "N").astype(object)[row],
        "referred_on": british(referred[row]),
        "reasonable_grounds": _by(first[row], reasonable[row], day),
        "reasonable_grounds_on": _by(british(reasonable[row]), reasonable[row], day),
        "conclusive_grounds": _by(last[row], conclusive[row], day),
        "conclusive_grounds_on": _by(british(conclusive[row]), conclusive[row], day),
        "changed_on": british(day),
        "_period": quarter_id(day),
        "_child": child[row],
    }
    return pd.DataFrame(laid_out(world.contracts[NRM], "referrals", columns, len(row)))


def _custody_rows(world: World) -> pd.DataFrame:
    pop = world.population
    rng = pop.rng("custody")
    day = days_between(rng, pop.count(A_MONTH["detentions"] * MONTHS, 2 * MONTHS))
    n = len(day)
    child = chosen(pop, rng, day, (10, 18), 1.2)
    arrived = np.sort(moments(rng, day, 0.6))
    minutes = np.clip(rng.gamma(3.2, 195, n), 60, 2400).astype(int)
    left = arrived + minutes * MINUTE
    outcome = draw(
        rng,
        {
            "CHARGED_BAILED": 18,
            "CHARGED_HELD": 5,
            "OUT_OF_COURT": 6,
            "BAILED": 27,
            "INVESTIGATED": 12,
            "NO_ACTION": 24,
            "COURT": 5,
            "OTHER": 3,
        },
        n,
    )
    charged = np.isin(outcome, ("CHARGED_BAILED", "CHARGED_HELD"))
    held = outcome == "CHARGED_HELD"
    charge = np.where(
        charged, left - (minutes * rng.uniform(0.05, 0.4, n)).astype(int) * MINUTE, np.datetime64("NaT", "m")
    )
    asked = arrived + np.minimum(rng.integers(10, 120, n), minutes // 3) * MINUTE
    came = np.where(
        rng.random(n) < 0.95,
        asked + np.minimum(rng.gamma(2, 75, n).astype(int), minutes // 2) * MINUTE,
        np.datetime64("NaT", "m"),
    )
    bed = held & (rng.random(n) < 0.66)
    overnight = (left.astype("datetime64[D]") - arrived.astype("datetime64[D]")).astype(int) > 0
    columns = {
        **police_person(pop, child, rng, arrived.astype("datetime64[D]")),
        "custody_ref": "21CU" + short_year(arrived) + "-" + np.char.zfill(np.arange(1, n + 1).astype(str), 5).astype(object),
        "offence_group": draw(
            rng, {"VIOLENCE_INJURY": 24, "VIOLENCE_NO_INJURY": 14, "ROBBERY": 9, "WEAPONS": 10, "DRUGS": 10, "DAMAGE": 7, "THEFT": 9, "VEHICLE": 6, "RAPE": 3, "OTHER_SEXUAL": 3, "PUBLIC_ORDER": 5}, n
        ),
        "arrived_at": british_time(arrived),
        "adult_asked_at": british_time(asked),
        "adult_arrived_at": british_time(came),
        "charged_at": british_time(charge),
        "council_bed_asked": np.where(held, np.where(bed, "Y", "N"), "").astype(object),
        "council_bed_given": np.where(bed, np.where(rng.random(n) < 0.12, "Y", "N"), "").astype(object),
        "released_at": british_time(left),
        "held_overnight": np.where(overnight & (rng.random(n) < 0.97), "Y", "N").astype(object),
        "outcome": outcome,
        "_period": month_id(arrived),
        "_child": child,
    }  # fmt: skip
    return pd.DataFrame(laid_out(world.contracts[CUSTODY], "detentions", columns, n))


def _marac(world: World) -> dict[str, pd.DataFrame]:
    """Assessments with and without children; the high ones are heard at a fortnightly meeting, some households again and again."""
    pop, abuse = world.population, domestic_abuse(world)
    rng = pop.rng("marac")
    i = abuse.incidents
    made = np.flatnonzero(i["attended"] & ~i["grade"].isin(["", "NOT_DONE"]))
    lead = (
        abuse.children.drop_duplicates("incident")
        .set_index("incident")["child"]
        .reindex(np.arange(len(i)))
        .to_numpy()
    )
    more = days_between(rng, pop.count(A_MONTH["assessments_without_children"] * MONTHS, MONTHS))
    at = np.r_[i["recorded"].to_numpy().astype("datetime64[m]")[made], moments(rng, more)]
    grade = np.r_[
        i["grade"].to_numpy(object)[made], draw(rng, {"STANDARD": 66, "MEDIUM": 26, "HIGH": 8}, len(more))
    ]
    where = np.r_[
        home(pop, lead[made].astype(int), at[: len(made)].astype("datetime64[D]")),
        draw(rng, {"860": 60, "861": 38, "OTH": 2}, len(more)),
    ]
    ref = np.r_[i["ref"].to_numpy(object)[made], np.full(len(more), "", dtype=object)]
    number = np.r_[i["number"].to_numpy()[made], np.zeros(len(more), int)]
    family = np.r_[i["family"].to_numpy()[made], -1 - rng.integers(0, max(len(more) // 2, 1), len(more))]
    source = np.r_[made, np.full(len(more), -1)]
    order = np.argsort(at, kind="stable")
    at, grade, where, ref, number, family, source = (
        v[order] for v in (at, grade, where, ref, number, family, source)
    )
    n = len(at)
    to_marac = (grade == "HIGH") & (rng.random(n) < 0.85) & (where != "OTH") & (where != "UNK")
    dash = {
        "assessment_ref": "RA" + np.char.zfill(np.arange(1, n + 1).astype(str), 7).astype(object),
        "incident_ref": ref,
        "home_la": where,
        "assessed_at": british_time(at),
        "risk_grade": grade,
        "children_in_household": number.astype(str).astype(object),
        "referred_to_marac": np.where(to_marac, "Y", "N").astype(object),
        "_period": quarter_id(at.astype("datetime64[D]")),
    }
    pick = np.flatnonzero(to_marac)
    referred = at[pick].astype("datetime64[D]") + 1
    # Wednesdays of every second week, two to four weeks after the referral.
    week = (referred + 14).astype("datetime64[W]").astype(int)
    meeting = (week + week % 2).astype("datetime64[W]").astype("datetime64[D]") + 6
    inside = meeting <= LAST
    pick, referred, meeting = pick[inside], referred[inside], meeting[inside]
    k = len(pick)
    seen = pd.DataFrame({"family": family[pick], "meeting": meeting})
    before = seen.groupby("family")["meeting"].shift().to_numpy().astype("datetime64[D]")
    repeat = (meeting - before < np.timedelta64(366, "D")) & (rng.random(k) < 0.95)
    case = "MC" + np.char.zfill(np.arange(1, k + 1).astype(str), 5).astype(object)
    cases = {
        "case_ref": case,
        "household_ref": "H"
        + np.char.zfill(((family[pick] * 7919 + 31) % 9_999_991).astype(str), 7).astype(object),
        "meeting_area": where[pick],
        "referred_on": british(referred),
        "meeting_on": british(meeting),
        "referring_agency": draw(
            rng, {"POLICE": 71, "VCSE": 17, "MPFT": 4, "UHNM": 3, "STAFFS_CC": 3, "STOKE_CC": 2}, k
        ),
        "is_repeat": np.where(repeat, "Y", "N").astype(object),
        "children_count": number[pick].astype(str).astype(object),
        "outcome": draw(rng, {"ACTIONS": 90, "NO_ACTIONS": 5, "TRANSFERRED": 2, "ADJOURNED": 3}, k),
        "_period": quarter_id(meeting),
    }
    children = abuse.children[["incident", "child"]].merge(
        pd.DataFrame({"incident": source[pick], "case": case, "meeting": meeting}), on="incident"
    ).sort_values(["case", "child"], kind="stable")  # fmt: skip
    child = children["child"].to_numpy()
    heard = children["meeting"].to_numpy().astype("datetime64[D]")
    names = {
        **police_person(pop, child, rng, heard),
        "case_ref": children["case"].to_numpy(object),
        "meeting_on": british(heard),
        "_period": quarter_id(heard),
        "_child": child,
    }
    asked = days_between(rng, pop.count(A_MONTH["service"] * MONTHS, 3 * MONTHS))
    m = len(asked)
    service, enquiry = draw(rng, {"VICTIM": 76, "CHILD": 13, "PERPETRATOR": 11}, m), rng.random(m) < 0.2
    begun = plus(asked, rng.integers(1, 40, m))
    cut = (asked.astype("datetime64[M]").astype(int) // 3 * 3 + 3).astype("datetime64[M]").astype(
        "datetime64[D]"
    ) + 8
    begun = np.where(
        ~enquiry & (begun < cut) & (rng.random(m) < np.where(service == "PERPETRATOR", 0.55, 0.8)),
        begun,
        NEVER,
    )
    services = {
        "referral_ref": "NE" + np.char.zfill(np.arange(1, m + 1).astype(str), 6).astype(object),
        "home_la": np.where(rng.random(m) < SERVICE_STAFFORDSHIRE, "860", "861").astype(object),
        "service": service,
        "is_enquiry": np.where(enquiry, "Y", "N").astype(object),
        "referred_by": draw(
            rng, {"POLICE": 46, "": 26, "STAFFS_CC": 8, "STOKE_CC": 6, "MPFT": 6, "VCSE": 5, "SCHOOLS": 3}, m
        ),
        "referred_on": british(asked),
        "started_on": british(begun),
        "_period": quarter_id(asked),
    }
    contract = world.contracts[MARAC]
    made_of = {
        "dash_assessments": dash,
        "marac_cases": cases,
        "marac_children": names,
        "provider_referrals": services,
    }
    return {
        name: pd.DataFrame(laid_out(contract, name, columns, len(columns["_period"])))
        for name, columns in made_of.items()
    }


def plant(p: Planter) -> None:
    """The faults that such files have: words for codes, outcomes without a date, Excel's numbers for days, repeats."""
    places = {"860": "Staffordshire", "861": "Stoke on Trent"}
    for key, table, rule in ((CRIME, "victims", "PO03-DOB"), (NRM, "referrals", "PO07-DOB"), (CUSTODY, "detentions", "PO09-DOB"),
                             (MARAC, "marac_children", "PO06-CHILD-DOB")):  # fmt: skip
        p.cells(
            key, table, "home_la", 8, each(lambda s: places[s]), "code in words", "codelist_spelling", "mended",
            where=lambda f: f["home_la"].isin(list(places)),
        )  # fmt: skip
        p.cells(key, table, "birth_date", 8, put("01/01/1900"), "stand-in birth date", rule, "warned")
        p.cells(key, table, "nhs_number", 5, each(wrong_digit), "check digit wrong", "checksum", "warned")
    words = {"RECORDED": "Live", "RECLASSIFIED": "Re-classified", "CANCELLED": "No crime"}
    p.cells(
        CRIME,
        "victims",
        "crime_status",
        12,
        each(lambda s: words[s]),
        "code in words",
        "codelist_spelling",
        "mended",
    )
    p.cells(CRIME, "victims", "outcome", 12, each(lambda s: f"Outcome {s}"), "code in words", "codelist_spelling", "mended",
            where=lambda f: f["outcome"].isin(["14", "15", "16", "18", "20", "21", "22"]))  # fmt: skip
    p.cells(CRIME, "victims", "outcome_on", 8, put(""), "outcome without a date", "PO03-WHEN", "warned")
    p.cells(CRIME, "victims", "committed_on", 8, each(serial), "Excel serial date", "mended", "mended")
    p.extras(CRIME, "victims", 5, {"nominal_ref": "", "forename": "TEST", "surname": "RECORD", "nhs_number": ""},
             "test record without an id", "nominal_ref.required", fresh="crime_ref")  # fmt: skip
    p.extras(CRIME, "victims", 6, {}, "row repeated", "unique")
    older = {"STANDARD": "BRONZE", "MEDIUM": "SILVER", "HIGH": "GOLD"}
    p.cells(
        MARAC, "dash_assessments", "risk_grade", 10, each(lambda s: older[s]), "code of an older scale", "codelist_year", "mended",
        only=lambda d: d.year > 2023,
    )  # fmt: skip
    p.extras(MARAC, "dash_assessments", 4, {}, "row repeated", "unique")
    p.extras(
        MARAC,
        "marac_cases",
        3,
        {"household_ref": ""},
        "register kept by meeting, not by case",
        "household_ref.required",
        fresh="case_ref",
    )
    p.cells(
        MARAC,
        "provider_referrals",
        "service",
        8,
        each(lambda s: s.title()),
        "code in another spelling",
        None,
        "mended",
    )
    p.cells(NRM, "referrals", "exploitation_type", 4, each(lambda s: {"CRIMINAL": "County lines", "SEXUAL": "CSE"}.get(s, s.title())),
            "code in words", None, "mended")  # fmt: skip
    p.extras(NRM, "referrals", 2, {}, "row repeated", "unique")
    p.cells(CUSTODY, "detentions", "outcome", 6, each(lambda s: {"INVESTIGATED": "RUI"}[s]), "code in words", "codelist_spelling", "mended",
            where=lambda f: f["outcome"] == "INVESTIGATED")  # fmt: skip
    p.extras(CUSTODY, "detentions", 3, {"released_at": "01/01/2001 08:00", "charged_at": ""}, "released before arriving", "PO09-ORDER",
             fresh="custody_ref")  # fmt: skip
