"""What health, schools and the partnership office write down: true events as rows of strings.

Lives here: health assessments (HE04), the school register and the schools' returns (SC01 to SC03), training (PA01), board seats (PA02).
Add here: another sender outside councils and police.
Must not live here: file formats (writers.py), faults (defects.py).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ingest.synthetic import calibration as cal
from ingest.synthetic.agencies import NHS_ETHNICITY, british, british_time, chance, quarter_id
from ingest.synthetic.days import NEVER, add_working_days, fy_end, fy_start, plus
from ingest.synthetic.population import Array, Population, draw
from ingest.synthetic.written import person

STANDARDS = (
    "staff_training",
    "code_of_conduct",
    "policy_published",
    "lead_and_deputies",
    "filtering_and_monitoring",
    "record_transfer",
    "single_central_record",
    "online_checks",
    "low_level_concerns",
    "child_on_child",
    "missing_from_education",
    "encompass",
)
DISTRICTS = (
    (
        "Stafford",
        "Cannock Chase",
        "East Staffordshire",
        "Lichfield",
        "Newcastle-under-Lyme",
        "South Staffordshire",
        "Staffordshire Moorlands",
        "Tamworth",
    ),
    ("Stoke-on-Trent",),
)
QUARTERS = tuple(f"{y}-{(y + 1) % 100}-Q{q}" for y in (2023, 2024, 2025) for q in (1, 2, 3, 4))
GROUPS = ("BOARD_STAFFS", "BOARD_STOKE", "ASSURANCE", "EXPLOITATION")
SEATS = {
    "BOARD_STAFFS": (
        "STAFFS_CC",
        "POLICE",
        "ICB",
        "MPFT",
        "SCHOOLS",
        "FIRE",
        "PROBATION",
        "DISTRICTS",
        "VCSE",
    ),
    "BOARD_STOKE": ("STOKE_CC", "POLICE", "ICB", "UHNM", "MPFT", "SCHOOLS", "PROBATION", "VCSE"),
    "ASSURANCE": ("STAFFS_CC", "STOKE_CC", "POLICE", "ICB", "MPFT", "SCHOOLS"),
    "EXPLOITATION": ("STAFFS_CC", "STOKE_CC", "POLICE", "ICB", "SCHOOLS", "VCSE", "HMYOI"),
}
COURSES = (
    ("Safeguarding basics", 1),
    ("Working together", 2),
    ("Neglect and the graded care profile", 3),
    ("Exploitation and missing", 3),
    ("Designated lead refresher", 4),
    ("Domestic abuse and the child", 2),
)


def health(pop: Population) -> pd.DataFrame:
    """Initial health assessments of children who came into care, by the quarter of entry; a few reviews among them."""
    rng = pop.rng("health")
    parts = []
    for year in (2024, 2025, 2026):
        for area in (0, 1):
            n = pop.count(cal.CARE_STARTS[year][area], 16)
            start, end = fy_start(year), fy_end(year)
            born = pop.children["birth"].to_numpy().astype("datetime64[D]")
            pool = np.flatnonzero(
                (pop.children["area"] == area) & (born < start) & ((end - born).astype(int) < 6500)
            )
            weight = pop.children["vulnerable"].to_numpy()[pool] + 0.001
            child = rng.choice(pool, n, replace=False, p=weight / weight.sum())
            parts.append(
                _assessments(
                    pop, rng, child, area, year, start + rng.integers(0, 365, n).astype("timedelta64[D]")
                )
            )
    frame = pd.concat(parts, ignore_index=True).sort_values(
        ["_entered", "_child"], kind="stable", ignore_index=True
    )
    frame.insert(
        0,
        "assessment_ref",
        np.char.add("HA", np.char.zfill(np.arange(1, len(frame) + 1).astype(str), 6)).astype(object),
    )
    return frame


def _assessments(
    pop: Population, rng: np.random.Generator, child: Array, area: int, year: int, entered: Array
) -> pd.DataFrame:
    n = len(child)
    month = entered.astype("datetime64[M]").astype(int)
    quarter_end = ((month // 3 + 1) * 3).astype("datetime64[M]").astype("datetime64[D]") - 1
    cut = quarter_end + 24  # the file of the quarter is made then; what comes later is not in it
    on_time = rng.random(n) < cal.IHA_ON_TIME[year][area]
    taken = np.where(on_time, np.clip(rng.normal(15, 3.5, n), 3, 20).astype(int), rng.integers(21, 50, n))
    done = add_working_days(entered, taken)
    done = np.where(
        on_time,
        np.maximum(np.minimum(done, cut), entered),
        np.where((done > cut) | (rng.random(n) < 0.15), NEVER, done),
    )
    left = np.where(rng.random(n) < 0.07, plus(entered, rng.integers(4, 40, n)), NEVER)
    left = np.where(left > cut, NEVER, left)
    gone = ~np.isnat(left) & (rng.random(n) < 0.75)
    done = np.where(gone, NEVER, done)
    home = np.array(cal.LA, dtype=object)[np.where(rng.random(n) < 0.985, area, 1 - area)]
    home[rng.random(n) < 0.012] = "OTH"
    kind = np.where(rng.random(n) < 0.015, "RHA", "IHA")
    why = np.where(
        np.isnat(done),
        np.where(
            gone,
            "LEFT",
            draw(rng, {"DNA": 3, "WNB": 4, "REFUSED": 2, "CONSENT": 5, "CAPACITY": 8, "OTHER": 1}, n),
        ),
        "",
    )
    asked = np.minimum(
        plus(entered, rng.integers(1, 6, n)), np.where(np.isnat(done), np.datetime64("2100-01-01"), done)
    )
    who = person(pop, child, "health", entered)
    return pd.DataFrame(
        {
            "local_patient_id": np.char.zfill((child + 1_000_000).astype(str), 9).astype(object),
            "nhs_number": np.where(chance(child, 83) < 0.985, pop.nhs(child), ""),
            "forename": who.forename,
            "surname": who.surname,
            "birth_date": british(who.birth),
            "sex": who.sex,
            "ethnicity": pop.children["ethnicity"].map(NHS_ETHNICITY).to_numpy()[child],
            "postcode": who.postcode,
            "responsible_la": home,
            "assessment_type": kind,
            "entered_care_on": british(entered),
            "requested_on": british(asked),
            "consent_on": british(np.where(rng.random(n) < 0.8, asked, NEVER)),
            "appointment_on": british(np.where(np.isnat(done), NEVER, done)),
            "done_on": british(done),
            "left_care_on": british(left),
            "not_done_reason": why,
            "clinical_notes": "",
            "_period": quarter_id(entered),
            "_child": child,
            "_entered": entered,
            "_done": done,
            "_left": left,
        }
    ).astype(dict.fromkeys(("responsible_la",), object))


def schools(pop: Population, area: int) -> dict[int, dict[str, pd.DataFrame]]:
    """Register, returns and answers of one council, by the year in which the academic year ends."""
    rng = pop.rng(f"schools-{area}")
    n = pop.count(cal.SCHOOLS[area], (16, 10)[area])
    number = np.arange(n)
    # 900000 and above, and establishment numbers from 9000, are not in use.
    urn = 900_000 + area * 40_000 + number * 7
    phase = draw(
        rng,
        {"PRIMARY": 70, "SECONDARY": 14, "NURSERY": 3, "SPECIAL": 5, "AP": 2, "INDEPENDENT": 5, "POST16": 1},
        n,
    )
    kind = np.where(
        phase == "INDEPENDENT",
        "INDEPENDENT",
        np.where(phase == "POST16", "FE", draw(rng, {"ACADEMY": 62, "MAINTAINED": 38}, n)),
    )
    converts = rng.choice([0, *cal.SCHOOL_YEARS], n, p=[0.91, 0.03, 0.03, 0.03])
    closes = np.where(converts == 0, rng.choice([0, *cal.SCHOOL_YEARS], n, p=[0.955, 0.015, 0.015, 0.015]), 0)
    # Every world, however small, has a school that converted, one that closed, and one that is not open yet.
    converts[:3], closes[:3] = cal.SCHOOL_YEARS, 0
    closes[3], converts[3] = cal.SCHOOL_YEARS[0], 0
    converts[4:6] = closes[4:6] = 0
    base = pd.DataFrame(
        {
            "number": number,
            "urn": urn,
            "laestab": int(cal.LA[area]) * 10_000 + 9000 + number % 1000,
            "phase": phase,
            "kind": kind,
            "converts": converts,
            "closes": closes,
            "district": np.array(DISTRICTS[area], dtype=object)[number % len(DISTRICTS[area])],
            "roll": np.where(phase == "SECONDARY", rng.integers(500, 1500, n), rng.integers(60, 480, n)),
            "name": np.array(
                ["Acorn", "Brook", "Castle", "Dove", "Elm", "Furlong", "Garth", "Heath"], dtype=object
            )[number % 8]
            + " "
            + np.array(["Lane", "Park", "View", "Hill", "Rise"], dtype=object)[number % 5]
            + " "
            + (number // 40 + 1).astype(str).astype(object)
            + np.where(phase == "PRIMARY", " Primary", " School"),
        }
    )
    base.loc[base.index[5], "name"] = "Saint André’s Primary"  # Windows-1252 beyond plain letters
    return {year: _school_year(pop, rng, base, area, year) for year in cal.SCHOOL_YEARS}


def _school_year(
    pop: Population, rng: np.random.Generator, base: pd.DataFrame, area: int, year: int
) -> dict[str, pd.DataFrame]:
    n = len(base)
    converted = ((base["converts"] > 0) & (base["converts"] <= year)).to_numpy()
    now = base["urn"].to_numpy() + np.where(converted, 20_000, 0)
    status = np.where((base["closes"] > 0) & (base["closes"] <= year), "CLOSED", "OPEN").astype(object)
    status[4] = "PROPOSED" if year == cal.SCHOOL_YEARS[0] else "OPEN"
    text = now.astype(str).astype(object)
    old = base["urn"].to_numpy().astype(str).astype(object)
    opened = np.where(converted, "01-09-" + (base["converts"] - 1).astype(str), "01-09-1998")
    register = pd.DataFrame(
        {
            "school_urn": text,
            "predecessor_urn": np.where(converted, old, ""),
            "la_code": cal.LA[area],
            "laestab": base["laestab"].astype(str),
            "school_name": base["name"],
            "phase": base["phase"],
            "school_type": np.where(converted, "ACADEMY", base["kind"]),
            "status": status,
            "opened_on": opened,
            "closed_on": np.where(status == "CLOSED", "31-08-" + (base["closes"] - 1).astype(str), ""),
            "district": base["district"],
            "trust_name": np.where(converted, "Synthetic Learning Trust, The", ""),
            "roll": base["roll"].astype(str),
            "register_date": f"15/01/{year}",
        }
    ).astype(object)
    closed = register[converted].assign(
        school_urn=old[converted],
        predecessor_urn="",
        status="CLOSED",
        school_type="MAINTAINED",
        opened_on="01-09-1998",
        closed_on=("31-08-" + (base["converts"] - 1).astype(str))[converted],
        trust_name="",
    )
    register = pd.concat([register, closed], ignore_index=True).astype(object)

    first, final = (
        np.datetime64(f"{year}-03-01"),
        np.datetime64(f"{year}-05-01"),
    )  # the mornings after the deadlines
    luck = rng.random(n)
    by_first, by_final = cal.RETURN_BY_FIRST[year][area], cal.RETURN_BY_FINAL[year][area]
    late = by_final + (1 - by_final) * cal.RETURN_LATE
    when = np.where(
        luck < by_first,
        first - rng.integers(1, 60, n),
        np.where(luck < by_final, final - rng.integers(1, 55, n), final + rng.integers(2, 40, n)),
    )
    when[5] = final + 9  # one late school in every world
    sent = (status == "OPEN") & ((luck < late) | (np.arange(n) == 5))
    sent[6] = False  # and one that never sends
    moment = when.astype("datetime64[m]") + (480 + rng.integers(0, 560, n)) * np.timedelta64(1, "m")
    # A school that converted this year may still send under the number it had.
    as_old = converted & (base["converts"].to_numpy() == year) & (rng.random(n) < 0.6)
    as_old[cal.SCHOOL_YEARS.index(year)] = True
    sent[cal.SCHOOL_YEARS.index(year)] = True
    index = np.flatnonzero(sent)
    again = index[rng.random(len(index)) < 0.12]
    rows = np.r_[index, again]
    version = np.r_[np.ones(len(index), int), np.full(len(again), 2)]
    submitted = np.r_[
        moment[index], moment[again] + rng.integers(1440, 20 * 1440, len(again)) * np.timedelta64(1, "m")
    ]
    urn = np.where(as_old, old, text)[rows]
    gap = rng.random(n) < cal.SCHOOL_GAP[area]
    returns = pd.DataFrame(
        {
            "school_urn": urn,
            "laestab": base["laestab"].to_numpy()[rows].astype(str),
            "la_code": cal.LA[area],
            "respondent_role": draw(
                rng, {"Headteacher": 5, "Designated safeguarding lead": 8, "Deputy head": 3}, len(rows)
            ),
            "respondent_name": "A. Respondent",
            "submitted_at": british_time(submitted),
            "version": version,
            "self_identified": np.where(gap[rows] & (rng.random(len(rows)) < 0.9), "Yes", "No"),
            "signed_by_head": "Yes",
            "signed_by_governor": np.where(rng.random(len(rows)) < 0.9, "Yes", "No"),
            "_submitted": submitted,
            "_school": now[rows].astype(str).astype(object),
        }
    ).astype({"la_code": object, "respondent_name": object})
    answers = draw(rng, {"1": 52, "2": 47.2, "NA": 0.8}, len(rows) * len(STANDARDS)).reshape(len(rows), -1)
    gaps = np.flatnonzero(
        gap[rows] & ~((version == 2) & (rng.random(len(rows)) < 0.4))
    )  # some mend it in the second version
    for _ in range(2):
        answers[gaps, rng.integers(0, len(STANDARDS), len(gaps))] = draw(rng, {"3": 8, "4": 2}, len(gaps))
    responses = pd.DataFrame(
        {
            "school_urn": urn,
            "version": version,
            **{s: answers[:, i] for i, s in enumerate(STANDARDS)},
            "comments": "",
            "_submitted": submitted,
            "_school": now[rows].astype(str).astype(object),
        }
    )
    return {"register": register, "returns": returns, "responses": responses}


def training(pop: Population) -> pd.DataFrame:
    """Bookings on multi-agency courses, by quarter."""
    rng = pop.rng("training")
    per = pop.count(cal.TRAINING_BOOKINGS, 60)
    n = per * len(QUARTERS)
    quarter = np.repeat(np.arange(len(QUARTERS)), per)
    start = np.array(
        [np.datetime64(f"{2023 + q // 4}-04-01", "M") + 3 * (q % 4) for q in range(len(QUARTERS))]
    ).astype("datetime64[D]")
    day = np.busday_offset(start[quarter] + rng.integers(0, 84, n), 0, roll="forward")
    agency = draw(rng, cal.TRAINING_SHARES, n)
    area = np.where(
        agency == "STAFFS_CC",
        "860",
        np.where(agency == "STOKE_CC", "861", draw(rng, {"860": 64, "861": 25, "OTH": 7, "UNK": 4}, n)),
    )
    course = rng.integers(0, len(COURSES), n)
    frame = pd.DataFrame(
        {
            "course": np.array([c for c, _ in COURSES], dtype=object)[course],
            "level": np.array([str(v) for _, v in COURSES], dtype=object)[course],
            "course_date": british(day),
            "mode": draw(rng, {"IN_PERSON": 35, "VIRTUAL": 45, "HYBRID": 5, "ELEARNING": 15}, n),
            "delegate_name": "D. Delegate",
            "delegate_email": "delegate@example.org",
            "agency_name": agency,
            "role": draw(rng, {"Practitioner": 6, "Manager": 2, "Designated lead": 3}, n),
            "council_area": area,
            "status": draw(rng, {"ATTENDED": 82, "DNA": 7, "CANCELLED": 8, "BOOKED": 3}, n),
            "_period": np.array(QUARTERS, dtype=object)[quarter],
            "_date": day,
        }
    ).sort_values(["_date"], kind="stable", ignore_index=True)
    frame.insert(
        0, "booking_id", np.char.add("TB", np.char.zfill(np.arange(1, n + 1).astype(str), 6)).astype(object)
    )
    return frame


def board(pop: Population) -> pd.DataFrame:
    """Seats at partnership meetings, by quarter: each board once a quarter, each group twice. The same at every size."""
    rng = pop.rng("board")
    rows = [
        (QUARTERS[q], group, start + int(offset), seat)
        for q in range(len(QUARTERS))
        for start in [(np.datetime64(f"{2023 + q // 4}-04-01", "M") + 3 * (q % 4)).astype("datetime64[D]")]
        for group in GROUPS
        for offset in (
            rng.integers(8, 36, 1)
            if group.startswith("BOARD")
            else [rng.integers(5, 35), rng.integers(45, 80)]
        )
        for seat in SEATS[group]
    ]
    frame = pd.DataFrame(rows, columns=["_period", "meeting_group", "_date", "agency_name"])
    day = np.busday_offset(frame["_date"].to_numpy().astype("datetime64[D]"), 0, roll="forward")
    n = len(frame)
    level = draw(rng, cal.SEAT_LEVELS, n)
    _, meeting = np.unique((frame["meeting_group"] + british(day)).to_numpy(str), return_inverse=True)
    mode = draw(rng, {"IN_PERSON": 4, "VIRTUAL": 5, "HYBRID": 3}, int(meeting.max()) + 1)[meeting]
    return frame.assign(
        _date=day,
        meeting_date=british(day),
        attendee_name=np.where(level == "NONE", "", "An Attendee"),
        attendee_level=level,
        mode=np.where(level == "NONE", "", mode),
        apologies=np.where((level == "NONE") & (rng.random(n) < 0.7), "Yes", "No"),
    ).astype({"meeting_group": object, "agency_name": object})
