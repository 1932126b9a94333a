"""What each agency writes down: the true events as rows of strings under the contract's field names.

Lives here: the council's census and missing return, the police's missing reports, and the tables they share.
Add here: another agency's view of the same people. (Health, schools and the office are in others.py.)
Must not live here: file formats (writers.py), faults (defects.py).

Every frame has one object column of strings per contract field ("" is blank), in the order of the contract, and columns
that begin with "_" that never reach a file: `_period`, `_parent` (position in the parent's frame), `_reject`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from ingest.synthetic import calibration as cal
from ingest.synthetic.careers import Careers
from ingest.synthetic.days import NEVER, add_working_days, fy_end, fy_start, plus
from ingest.synthetic.names import fate
from ingest.synthetic.population import VISITOR, Array, Population, draw
from ingest.synthetic.written import person

MINUTE: Final = np.timedelta64(1, "m")
MISSING_FROM, MISSING_TO = np.datetime64("2023-01-01T00:00"), np.datetime64("2026-03-31T23:59")

#: DfE ethnicity codes in the police's and the NHS's own codes.
POLICE_ETHNICITY: Final = {
    "WBRI": "W1",
    "WIRI": "W2",
    "WIRT": "W9",
    "WROM": "W9",
    "WOTH": "W9",
    "MWBC": "M1",
    "MWBA": "M2",
    "MWAS": "M3",
    "MOTH": "M9",
    "AIND": "A1",
    "APKN": "A2",
    "ABAN": "A3",
    "AOTH": "A9",
    "CHNE": "O1",
    "BCRB": "B1",
    "BAFR": "B2",
    "BOTH": "B9",
    "OOTH": "O9",
    "REFU": "NS",
    "NOBT": "NS",
}
NHS_ETHNICITY: Final = {
    "WBRI": "A",
    "WIRI": "B",
    "WIRT": "C",
    "WROM": "C",
    "WOTH": "C",
    "MWBC": "D",
    "MWBA": "E",
    "MWAS": "F",
    "MOTH": "G",
    "AIND": "H",
    "APKN": "J",
    "ABAN": "K",
    "AOTH": "L",
    "CHNE": "R",
    "BCRB": "M",
    "BAFR": "N",
    "BOTH": "P",
    "OOTH": "S",
    "REFU": "Z",
    "NOBT": "99",
}


def chance(child: Array, salt: int) -> Array:
    """A number in [0, 1) that is a child's for good: the same in every year and every agency's file."""
    mixed = (child.astype(np.uint64) + np.uint64(salt)) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    return (mixed >> np.uint64(11)).astype(float) / float(1 << 53)


def iso(date: Array) -> Array:
    """Dates as yyyy-mm-dd, blank when there is none."""
    text = date.astype("datetime64[D]").astype(str).astype(object)
    text[np.isnat(date)] = ""
    return text


def british(date: Array) -> Array:
    """Dates as dd/mm/yyyy, blank when there is none."""
    text = pd.DatetimeIndex(date.astype("datetime64[s]")).strftime("%d/%m/%Y").to_numpy(object)
    text[np.isnat(date)] = ""
    return text


def british_time(moment: Array) -> Array:
    """Moments as dd/mm/yyyy hh:mm, blank when there is none."""
    text = pd.DatetimeIndex(moment.astype("datetime64[s]")).strftime("%d/%m/%Y %H:%M").to_numpy(object)
    text[np.isnat(moment)] = ""
    return text


def council_id(area: int, child: Array, second: Array | bool = False) -> Array:
    """The council's own child id; the second one is the record that a worker opened by mistake."""
    if area == 0:
        return np.where(second, 2_900_000 + child, 2_000_000 + child).astype(str).astype(object)
    return np.where(second, "SOT9", "SOT1").astype(object) + np.char.zfill(child.astype(str), 6).astype(
        object
    )


def nominal(child: Array, second: Array) -> Array:
    """The force's own number of a child; the second one was opened by mistake."""
    return np.char.zfill((child + np.where(second, 5_000_000, 0)).astype(str), 8).astype(object)


def has_upn(pop: Population, child: Array, on: np.datetime64) -> Array:
    """True for a child at or over school age whose UPN the council holds."""
    return ((on - pop.birth(child)).astype(int) > 1700) & (chance(child, 11) < 0.93)


#: Of the twins at Stoke-on-Trent: share whose UPNs the council mixed up, so that it has one number for both. Synthetic.
TWINS_ONE_UPN: Final = 0.2


def council_upn(pop: Population, area: int, child: Array) -> Array:
    """The UPN that a council has of each child: one of its own, or that of its twin by mistake."""
    lead = pop.names.lead[child]
    mixed_up = (area == 1) & (lead != child) & (fate(lead, "one upn") < TWINS_ONE_UPN)
    return pop.upn(np.where(mixed_up, lead, child))


def recorded_birth(pop: Population, child: Array, year: int) -> Array:
    """The birth date as recorded in a year: a few are wrong by a day until somebody corrects them in 2025."""
    wrong = (chance(child, 17) < 0.003) & (year < 2025)
    return pop.birth(child) - wrong.astype("timedelta64[D]")


@dataclass
class Missing:
    """Missing episodes as they truly happened, and as police and council each recorded them. One row an episode."""

    police: pd.DataFrame  # child, nominal, home_la, missing_at, reported_at, located_at, grade, ...
    council: pd.DataFrame  # child, area, kind, started_at, returned_at, offered, accepted, rhi_at, ...


def missing(pop: Population) -> Missing:
    """Draw missing spells of each area's children and what the two agencies wrote down of them."""
    parts = [_spells(pop, area) for area in (0, 1, VISITOR)]
    true = pd.concat(parts, ignore_index=True).sort_values(
        ["missing_at", "child"], kind="stable", ignore_index=True
    )
    rng = pop.rng("missing-records")
    n = len(true)
    child = true["child"].to_numpy()
    start = true["missing_at"].to_numpy().astype("datetime64[m]")
    end = true["located_at"].to_numpy().astype("datetime64[m]")
    in_care = chance(child, 23) < np.where(true["area"] == 0, 0.34, 0.46)

    report = start + rng.exponential(170, n).astype(int) * MINUTE
    known = (report <= MISSING_TO) & (report >= MISSING_FROM) & (rng.random(n) < 0.95)
    month_end = (report.astype("datetime64[M]") + 1).astype("datetime64[D]")
    located = np.where(
        end > month_end + 8, np.datetime64("NaT"), end
    )  # still open when the month's file was made
    count = np.bincount(child, minlength=len(pop.children))[child]
    home = np.array(["860", "861", "OTH"], dtype=object)[true["area"].to_numpy()]
    home[(count == 1) & (chance(child, 29) < 0.05)] = "UNK"
    second = (chance(child, 31) < 0.06) & (rng.random(n) < 0.5)
    grade = draw(rng, {"HIGH": 12, "MEDIUM": 58, "LOW": 22, "NONE": 6, "ABSENT": 2}, n)
    grade[(grade == "ABSENT") & (report >= np.datetime64("2024-10-01T00:00"))] = (
        "LOW"  # the category was withdrawn
    )
    place = np.where(in_care, "CARE", draw(rng, {"HOME": 80, "SCHOOL": 8, "OTHER": 12}, n))
    police = pd.DataFrame(
        {
            "child": child,
            "second": second,
            "home_la": home,
            "missing_at": start,
            "reported_at": report,
            "located_at": located,
            "grade": grade,
            "missing_from": place,
            "has_nhs": (chance(child + second * 7, 37) < cal.POLICE_HAS_NHS) & (rng.random(n) < 0.94),
            "harm": rng.random(n) < 0.06,
            "checked": rng.random(n) < 0.6,
        }
    )[known].sort_values(["reported_at", "child"], kind="stable", ignore_index=True)
    return Missing(police, _council_missing(pop, true, start, end, in_care, rng))


def _spells(pop: Population, area: int) -> pd.DataFrame:
    """True episodes: spells of one or more close together, in children of nine and over, a few under."""
    rng = pop.rng(f"missing-{area}")
    days_long = int((MISSING_TO - MISSING_FROM).astype("timedelta64[D]").astype(int))
    rate = (
        cal.MISSING_SPELLS[area] * 1.25 if area != VISITOR else 0.0
    )  # some are drawn when too young or too old
    spells = pop.count(
        rate * cal.POPULATION[2024][min(area, 1)] / 10_000 * days_long / 365, 160
    )  # at least four a month, whatever the size
    if area == VISITOR:
        spells = pop.count(240, 6)
    born = pop.children["birth"].to_numpy().astype("datetime64[D]")
    pool = np.flatnonzero(
        (pop.children["area"] == area)
        & (born > np.datetime64("2005-04-01"))
        & (born < np.datetime64("2018-01-01"))
    )
    weight = pop.children["vulnerable"].to_numpy()[pool] ** 1.5 + 0.01
    pool = rng.choice(
        pool, min(len(pool), max(round(spells * 0.75), 10)), replace=False, p=weight / weight.sum()
    )
    who = pool[(len(pool) * rng.random(spells) ** 1.4).astype(int)]
    begin = MISSING_FROM + (rng.random(spells) * days_long * 1440).astype(int) * MINUTE
    age = (begin.astype("datetime64[D]") - born[who]).astype(int) / 365.25
    who, begin = who[(age > 8) & (age < 17.9)], begin[(age > 8) & (age < 17.9)]
    again = cal.MISSING_REPEATS[area] if area != VISITOR else 0.05
    number = np.minimum(rng.geometric(1 - again, len(who)), 14 if area != VISITOR else 2)
    spell = np.repeat(np.arange(len(who)), number)
    first = np.r_[True, spell[1:] != spell[:-1]]
    gap = np.where(first, 0, 1440 + rng.exponential(9 * 1440, len(spell)).astype(int))
    steps = np.cumsum(gap)
    start = begin[spell] + (steps - np.repeat(steps[first], number)) * MINUTE
    length = np.clip(np.exp(rng.normal(np.log(420), 1.25, len(spell))), 20, 20 * 1440).astype(int)
    out = pd.DataFrame(
        {"child": who[spell], "area": area, "missing_at": start, "located_at": start + length * MINUTE}
    )
    out = out[out["missing_at"] <= pd.Timestamp(MISSING_TO)].sort_values(
        ["child", "missing_at"], kind="stable"
    )
    same = out["child"].eq(out["child"].shift())
    overlap = same & (out["missing_at"] <= out["located_at"].shift() + pd.Timedelta(hours=1))
    out = out[~overlap]
    adult = (out["missing_at"].to_numpy().astype("datetime64[D]") - born[out["child"].to_numpy()]).astype(
        int
    ) >= LEAVES
    return out[~adult]


LEAVES: Final = 6570


def _council_missing(
    pop: Population, true: pd.DataFrame, start: Array, end: Array, in_care: Array, rng: np.random.Generator
) -> pd.DataFrame:
    n = len(true)
    area = true["area"].to_numpy()
    knows = rng.random(n) < np.where(area == 0, cal.COUNCIL_KNOWS[0], cal.COUNCIL_KNOWS[1])
    shift = np.rint(rng.normal(0, 75, n)).astype(int)
    far = rng.random(n)
    shift = np.where(far < 0.05, rng.integers(780, 1380, n), shift)  # still within the day
    shift = np.where(far > 0.95, rng.integers(1500, 3600, n), shift)  # beyond it: the records do not agree
    keep = knows & (area != VISITOR)
    frame = pd.DataFrame(
        {
            "child": true["child"],
            "area": area,
            "in_care": in_care,
            "started_at": start + shift * MINUTE,
            "returned_at": end + np.maximum(shift, 0) * MINUTE,
            "kind": "M",
        }
    )[keep]
    frame["started_at"] = np.minimum(frame["started_at"], frame["returned_at"] - pd.Timedelta(minutes=5))
    away = frame[frame["in_care"]].sample(frac=0.14, random_state=int(rng.integers(1 << 31))).copy()
    away["started_at"] += pd.Timedelta(days=5, hours=3)
    away["returned_at"] = away["started_at"] + pd.Timedelta(hours=4)
    away["kind"] = "A"
    frame = pd.concat([frame, away], ignore_index=True)
    frame = frame[
        (frame["started_at"] >= pd.Timestamp(MISSING_FROM))
        & (frame["started_at"] <= pd.Timestamp(MISSING_TO))
    ]
    frame = frame.sort_values(["started_at", "child", "kind"], kind="stable", ignore_index=True)
    return _interviews(frame, rng)


def _interviews(frame: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    n = len(frame)
    area = frame["area"].to_numpy()
    started = frame["started_at"].to_numpy().astype("datetime64[m]")
    returned = frame["returned_at"].to_numpy().astype("datetime64[m]")
    quarter_end = _quarter_end(started)
    cut = (quarter_end + 11).astype("datetime64[m]")  # nothing later is in the quarter's file
    returned = np.where(returned > cut, np.datetime64("NaT"), returned)
    # Nobody comes back in the very minutes on which "too recent to know" turns.
    turn = np.datetime64("2026-03-28T23:30")
    returned = np.where((returned > turn) & (returned < turn + 60), turn - 61, returned)
    returned = np.maximum(returned, started)
    missed = (frame["kind"].to_numpy() == "M") & ~np.isnat(returned)
    offered = missed & (rng.random(n) < np.where(area == 0, cal.RHI_OFFERED[0], cal.RHI_OFFERED[1]))
    held = offered & (rng.random(n) < np.where(area == 0, cal.RHI_HELD[0], cal.RHI_HELD[1]))
    soon = rng.random(n) < np.where(area == 0, cal.RHI_IN_TIME[0], cal.RHI_IN_TIME[1])
    wait = np.where(soon, 180 + rng.random(n) * (4320 - 240), 4400 + rng.exponential(2500, n)).astype(int)
    rhi = np.where(held, returned + wait * MINUTE, np.datetime64("NaT"))
    rhi = np.where(rhi > cut, np.datetime64("NaT"), rhi)
    accepted = offered & (~np.isnat(rhi) | (rng.random(n) < 0.3))
    return frame.assign(
        returned_at=returned,
        offered=offered,
        accepted=accepted,
        rhi_at=rhi,
        reported_by=draw(rng, {"CARER": 40, "PARENT": 42, "SCHOOL": 6, "POLICE": 8, "OTHER": 4}, n),
        rhi_by=draw(rng, {"COUNCIL": 30, "PROVIDER": 66, "OTHER": 4}, n),
        theme=draw(
            rng,
            {
                "FAMILY": 30,
                "PEERS": 28,
                "CSE": 5,
                "CCE": 9,
                "PLACEMENT": 9,
                "CONTACT": 8,
                "SUBST": 4,
                "OTHER": 7,
            },
            n,
        ),
        reviewed_at=np.where(
            rng.random(n) < 0.8, started + rng.integers(300, 2800, n) * MINUTE, np.datetime64("NaT")
        ),
    )


def _quarter_end(moment: Array) -> Array:
    """The last day of the calendar quarter (which is the financial one) of each moment."""
    month = moment.astype("datetime64[M]").astype(int)
    return ((month // 3 + 1) * 3).astype("datetime64[M]").astype("datetime64[D]") - 1


def quarter_id(date: Array) -> Array:
    """Financial quarter ids, "2025-26-Q1"."""
    month = date.astype("datetime64[M]").astype(int)
    year, quarter = 1970 + (month - 3) // 12, ((month - 3) % 12) // 3 + 1
    short = np.char.zfill(((year + 1) % 100).astype(str), 2).astype(object)
    return year.astype(str).astype(object) + "-" + short + "-Q" + quarter.astype(str).astype(object)


def police_rows(pop: Population, m: Missing) -> pd.DataFrame:
    """PO01 as the police would send it, with `_period` the month of the report."""
    p = m.police
    rng = pop.rng("police-rows")
    child = p["child"].to_numpy()
    n = len(p)
    second = p["second"].to_numpy()
    located = p["located_at"].to_numpy().astype("datetime64[m]")
    report = p["reported_at"].to_numpy().astype("datetime64[m]")
    who = person(pop, child, "police", report, second)
    codes = pop.children["ethnicity"].map(POLICE_ETHNICITY).to_numpy()[child]
    checked = np.where(
        p["checked"] & ~np.isnat(located), located + rng.integers(60, 1800, n) * MINUTE, np.datetime64("NaT")
    )
    words = np.array(
        [
            "",
            "Left after an argument, known associates",
            "Not home by curfew",
            "Left placement, phone off",
            "Seen in town, then lost",
        ],
        dtype=object,
    )
    year = pd.Series(report).dt.strftime("%y").to_numpy(object)
    return pd.DataFrame(
        {
            "episode_ref": "MP"
            + year
            + "-"
            + np.char.zfill(np.arange(1, n + 1).astype(str), 6).astype(object),
            "nominal_ref": nominal(child, second),
            "nhs_number": np.where(p["has_nhs"], pop.nhs(child), ""),
            "forename": who.forename,
            "surname": who.surname,
            "birth_date": british(who.birth),
            "sex": who.sex,
            "ethnicity": np.where(rng.random(n) < 0.12, "", codes),
            "postcode": who.postcode,
            "home_la": p["home_la"].to_numpy(),
            "placing_la": np.where(
                p["home_la"] == "OTH", "OTH", np.where(p["missing_from"] == "CARE", p["home_la"], "")
            ),
            "missing_from": p["missing_from"].to_numpy(),
            "missing_at": british_time(p["missing_at"].to_numpy()),
            "reported_at": british_time(report),
            "located_at": british_time(located),
            "risk_grade": p["grade"].to_numpy(),
            "graded_by": draw(rng, {"PC 4471 Allen": 1, "Sgt 2210 Noël": 1, "Insp Farrah": 1}, n),
            "harm_flag": np.where(p["harm"], "Y", "N"),
            "prevention_check_at": british_time(checked),
            "circumstances": words[rng.integers(0, len(words), n)],
            "_period": report.astype("datetime64[M]").astype(str).astype(object),
            "_child": child,
        }
    ).astype(object)


def council_missing_rows(pop: Population, m: Missing, area: int) -> pd.DataFrame:
    """LA12 of one council, with `_period` the quarter in which the episode starts."""
    c = m.council[m.council["area"] == area].reset_index(drop=True)
    rng = pop.rng(f"council-missing-rows-{area}")
    n, child = len(c), c["child"].to_numpy()
    yes, no = ("1", "0") if area == 0 else ("Yes", "No")
    started = c["started_at"].to_numpy().astype("datetime64[m]")
    offered = np.where(c["kind"] == "A", no, np.where(c["offered"], yes, no))
    held = ~np.isnat(c["rhi_at"].to_numpy().astype("datetime64[m]"))
    return pd.DataFrame(
        {
            "missing_id": ("STF" if area == 0 else "SOT")
            + np.char.zfill(np.arange(1, n + 1).astype(str), 6).astype(object),
            "la_code": cal.LA[area],
            "la_child_id": council_id(area, child),
            "upn": np.where(
                has_upn(pop, child, np.datetime64("2023-06-01")), council_upn(pop, area, child), ""
            ),
            "nhs_number": np.where(chance(child, 41) < 0.94, pop.nhs(child), ""),
            "birth_date": british(pop.birth(child)),
            "sex": pop.children["sex"].to_numpy()[child],
            "ethnicity": pop.children["ethnicity"].to_numpy()[child],
            "in_care": np.where(c["in_care"], yes, no),
            "missing_type": c["kind"].to_numpy(),
            "started_at": british_time(started),
            "returned_at": british_time(c["returned_at"].to_numpy()),
            "reported_by": c["reported_by"].to_numpy(),
            "reviewed_at": british_time(c["reviewed_at"].to_numpy()),
            "rhi_offered": offered,
            "rhi_accepted": np.where(c["offered"], np.where(c["accepted"], yes, no), ""),
            "rhi_at": british_time(c["rhi_at"].to_numpy()),
            "rhi_by": np.where(held, c["rhi_by"], ""),
            "theme": np.where(held, c["theme"], ""),
            "notes": np.where(rng.random(n) < 0.1, "Spoke to carer, happy to engage", ""),
            "_period": quarter_id(started),
            "_child": child,
        }
    ).astype(object)


def census(pop: Population, careers: Careers, year: int) -> dict[str, pd.DataFrame]:
    """The census of one council and year: every child with an episode open at any time in the year to 31 March."""
    start, end = fy_start(year), fy_end(year)
    area = careers.area
    e = careers.episodes
    ref, close = _d(e["ref"]), _d(e["close"])
    inside = np.flatnonzero((ref <= end) & (np.isnat(close) | (close >= start)))
    child, second = e["child"].to_numpy()[inside], e["second_id"].to_numpy()[inside]
    # A second id stays with the child from the day it was opened; here that is that episode only.
    ids = council_id(area, child, second)
    order = np.lexsort((ref[inside], ids))
    inside, child, second, ids = inside[order], child[order], second[order], ids[order]
    head = np.r_[True, ids[1:] != ids[:-1]]
    parent = np.cumsum(head) - 1
    tables = {
        "children": _children(
            pop, area, year, child[head], ids[head], ref[inside][head], e["nfa"].to_numpy()[inside][head]
        )
    }
    tables["disabilities"] = _disabilities(pop, child[head])
    shut = np.where(close[inside] <= end, close[inside], NEVER)
    closed = ~np.isnat(shut)
    nfa = e["nfa"].to_numpy()[inside]
    yes, no = ("1", "0") if area == 0 else ("true", "false")
    tables["cin_details"] = pd.DataFrame(
        {
            "referral_date": iso(ref[inside]),
            "referral_source": e["source"].to_numpy()[inside],
            "primary_need": e["need"].to_numpy()[inside],
            "closure_date": iso(shut),
            "closure_reason": np.where(closed, e["reason"].to_numpy()[inside], ""),
            "initial_cpc_date": "",
            "referral_nfa": np.where(nfa, yes, no),
            "_parent": parent,
        }
    ).astype(object)
    place = np.full(len(e), -1, np.int64)
    place[inside] = np.arange(len(inside))
    tables |= _nested(careers, place, start, end, (yes, no), year)
    return tables


def _d(column: pd.Series) -> Array:
    return column.to_numpy().astype("datetime64[D]")


def _children(
    pop: Population, area: int, year: int, child: Array, ids: Array, ref: Array, nfa: Array
) -> pd.DataFrame:
    end = fy_end(year)
    birth = recorded_birth(pop, child, year)
    unborn = pop.birth(child) > end
    expected = plus(pop.birth(child), np.rint((chance(child, 43) - 0.5) * 24).astype(int))
    upn = has_upn(pop, child, end) & ~nfa
    school_age = (end - pop.birth(child)).astype(int) > 1700
    why = np.where(
        upn,
        "",
        np.where(~school_age, "UN1", np.where(nfa, "UN7", np.where(chance(child, 47) < 0.5, "UN2", "UN4"))),
    )
    sex = pop.children["sex"].to_numpy()[child]
    if year < 2025:
        sent = np.where(unborn, "0", np.where(sex == "M", "1", "2"))
        sent = np.where(~unborn & (chance(child, 53) < 0.002), "9", sent)
    else:
        sent = np.where(unborn, "U", sex)
    ethnicity = pop.children["ethnicity"].to_numpy()[child]
    ethnicity = np.where(
        (chance(child, 59) < 0.02) & (ref >= fy_start(year)), "NOBT", ethnicity
    )  # asked later, then known
    return pd.DataFrame(
        {
            "la_child_id": ids,
            "upn": np.where(upn, council_upn(pop, area, child), ""),
            "former_upn": "",
            "upn_unknown": why,
            "birth_date": np.where(unborn, "", iso(birth)),
            "expected_birth_date": np.where(unborn, iso(expected), ""),
            "sex": sent,
            "death_date": "",
            "ethnicity": ethnicity,
            "_child": child,
        }
    ).astype(object)


def _disabilities(pop: Population, child: Array) -> pd.DataFrame:
    disabled = pop.children["disabled"].to_numpy()[child]
    one = np.array(cal.DISABILITIES, dtype=object)[
        (chance(child, 61) ** 1.6 * len(cal.DISABILITIES)).astype(int)
    ]
    said_none = ~disabled & (chance(child, 67) < 0.3)
    first = np.flatnonzero(disabled | said_none)
    more = np.flatnonzero(disabled & (chance(child, 71) < 0.3) & (one != "BEH"))
    frame = pd.DataFrame(
        {
            "disability": np.r_[
                np.where(said_none, "NONE", one)[first], np.full(len(more), "BEH", dtype=object)
            ],
            "_parent": np.r_[first, more],
        }
    )
    return frame.sort_values("_parent", kind="stable", ignore_index=True).astype(object)


def _nested(
    careers: Careers,
    place: Array,
    start: np.datetime64,
    end: np.datetime64,
    flags: tuple[str, str],
    year: int,
) -> dict[str, pd.DataFrame]:
    """The modules inside an episode: what began, ended or ran in the census year."""
    yes, no = flags
    a = careers.assessments
    began, auth = _d(a["start"]), _d(a["auth"])
    pick = np.flatnonzero((place[a["episode"]] >= 0) & (began <= end) & (np.isnat(auth) | (auth >= start)))
    pick = pick[np.lexsort((began[pick], place[a["episode"].to_numpy()[pick]]))]
    done = np.where(auth[pick] <= end, auth[pick], NEVER)
    out = {
        "assessments": pd.DataFrame(
            {
                "assessment_start_date": iso(began[pick]),
                "assessment_internal_review_date": iso(
                    plus(began[pick], np.where(done > began[pick] + 12, 10, 0)) if len(pick) else done
                ),
                "assessment_authorisation_date": iso(done),
                "_parent": place[a["episode"].to_numpy()[pick]],
            }
        ).astype(object)
    }
    at = np.full(len(a), -1, np.int64)
    at[pick[~np.isnat(done)]] = np.flatnonzero(~np.isnat(done))
    f = careers.factors
    chosen = np.flatnonzero(at[f["assessment"]] >= 0)
    chosen = chosen[np.argsort(at[f["assessment"].to_numpy()[chosen]], kind="stable")]
    out["assessment_factors"] = pd.DataFrame(
        {"factor": f["factor"].to_numpy()[chosen], "_parent": at[f["assessment"].to_numpy()[chosen]]}
    ).astype(object)
    if year < 2022:
        return out
    c = careers.cin_plans
    out["cin_plans"] = _span(c, place, start, end, "cin_plan_start_date", "cin_plan_end_date")
    s = careers.enquiries
    began, icpc = _d(s["start"]), _d(s["icpc"])
    pick = np.flatnonzero(
        (place[s["episode"]] >= 0) & (began <= end) & ((began >= start) | ((icpc >= start) & (icpc <= end)))
    )
    pick = pick[np.lexsort((began[pick], place[s["episode"].to_numpy()[pick]]))]
    held = np.where(icpc[pick] <= end, icpc[pick], NEVER)
    target = add_working_days(began[pick], np.full(len(pick), 15))
    # Not needed, or not yet decided when the year ended.
    unneeded = np.isnat(icpc[pick]) & (began[pick] < end - 20)
    out["section47"] = pd.DataFrame(
        {
            "s47_start_date": iso(began[pick]),
            "icpc_target_date": np.where(unneeded, "", iso(target)),
            "icpc_date": iso(held),
            "icpc_not_required": np.where(unneeded, yes, no),
            "_parent": place[s["episode"].to_numpy()[pick]],
        }
    ).astype(object)
    p = careers.plans
    began, ended = _d(p["start"]), _d(p["end"])
    pick = np.flatnonzero((place[p["episode"]] >= 0) & (began <= end) & (np.isnat(ended) | (ended >= start)))
    pick = pick[np.lexsort((began[pick], place[p["episode"].to_numpy()[pick]]))]
    initial, latest = p["initial"].to_numpy()[pick], p["latest"].to_numpy()[pick]
    out["cp_plans"] = pd.DataFrame(
        {
            "cpp_start_date": iso(began[pick]),
            "cpp_end_date": iso(np.where(ended[pick] <= end, ended[pick], NEVER)),
            "initial_category": initial,
            "latest_category": np.where(began[pick] > end - 90, initial, latest),
            "previous_plans": p["previous"].to_numpy()[pick].astype(str).astype(object),
            "_parent": place[p["episode"].to_numpy()[pick]],
        }
    ).astype(object)
    at = np.full(len(p), -1, np.int64)
    at[pick] = np.arange(len(pick))
    r = careers.reviews
    chosen = np.flatnonzero((at[r["plan"]] >= 0) & (_d(r["date"]) <= end))
    chosen = chosen[np.lexsort((_d(r["date"])[chosen], at[r["plan"].to_numpy()[chosen]]))]
    out["cp_reviews"] = pd.DataFrame(
        {"review_date": iso(_d(r["date"])[chosen]), "_parent": at[r["plan"].to_numpy()[chosen]]}
    ).astype(object)
    if year >= 2026:
        out["pre_proceedings"] = _span(
            careers.pre_proceedings,
            place,
            start,
            end,
            "pre_proceedings_start_date",
            "pre_proceedings_end_date",
        )
    return out


def _span(
    frame: pd.DataFrame, place: Array, start: np.datetime64, end: np.datetime64, first: str, last: str
) -> pd.DataFrame:
    began, ended = _d(frame["start"]), _d(frame["end"])
    pick = np.flatnonzero(
        (place[frame["episode"]] >= 0) & (began <= end) & (np.isnat(ended) | (ended >= start))
    )
    pick = pick[np.lexsort((began[pick], place[frame["episode"].to_numpy()[pick]]))]
    return pd.DataFrame(
        {
            first: iso(began[pick]),
            last: iso(np.where(ended[pick] <= end, ended[pick], NEVER)),
            "_parent": place[frame["episode"].to_numpy()[pick]],
        }
    ).astype(object)
