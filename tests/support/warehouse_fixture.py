"""A small warehouse with the tables that publishing reads and plausible SYNTHETIC rows, for tests of the report.

Run it to make one: `python tests/support/warehouse_fixture.py warehouse.duckdb`.
"""

from __future__ import annotations

import sys
import zlib
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

STAFFS, STOKE, JOINT = "E10000028", "E06000021", "SCP_JOINT"
POPULATION = {STAFFS: 174_804, STOKE: 62_520, JOINT: 237_324}
AS_OF = pd.Timestamp("2026-07-10")

# id, theme, name, unit, polarity, numerator (or rate of the year) Staffordshire, Stoke, denominators a year, England, WM, SN, SN
INDICATORS = [
    (
        "FD07",
        "front_door",
        "Referral rate",
        "per_10000",
        "o",
        5137,
        3873,
        None,
        None,
        519.4,
        464.2,
        433.5,
        585.0,
    ),
    (
        "FD08",
        "front_door",
        "Re-referrals within 12 months",
        "percent",
        "-",
        731,
        813,
        5137,
        3873,
        22.6,
        19.5,
        16.7,
        21.5,
    ),
    (
        "FD09",
        "front_door",
        "Referrals with no further action",
        "percent",
        "o",
        549,
        47,
        5137,
        3873,
        6.5,
        2.6,
        None,
        None,
    ),
    (
        "AS01",
        "assessment",
        "Assessments within 45 working days",
        "percent",
        "+",
        3712,
        2741,
        4498,
        3519,
        85.7,
        82.4,
        85.0,
        85.7,
    ),
    (
        "CP01",
        "child_protection",
        "Section 47 enquiries",
        "per_10000",
        "o",
        2029,
        1899,
        None,
        None,
        189.3,
        182.9,
        178.1,
        222.5,
    ),
    (
        "CP02",
        "child_protection",
        "Enquiries that reach a conference",
        "percent",
        "o",
        737,
        505,
        2029,
        1899,
        31.3,
        None,
        None,
        None,
    ),
    (
        "CP03",
        "child_protection",
        "Conferences within 15 working days",
        "percent",
        "+",
        678,
        459,
        737,
        505,
        81.4,
        84.1,
        79.5,
        84.7,
    ),
    (
        "CP05",
        "child_protection",
        "Children on a protection plan",
        "per_10000",
        "o",
        524,
        316,
        None,
        None,
        40.6,
        40.3,
        None,
        None,
    ),
    (
        "CP07",
        "child_protection",
        "Second or later plan",
        "percent",
        "-",
        191,
        124,
        682,
        436,
        24.5,
        26.7,
        23.4,
        24.7,
    ),
    (
        "CP08",
        "child_protection",
        "Second plan within 24 months",
        "percent",
        "-",
        61,
        52,
        682,
        436,
        None,
        None,
        None,
        None,
    ),
    (
        "CP09A",
        "child_protection",
        "Plans open for two years or more",
        "percent",
        "-",
        9,
        11,
        524,
        316,
        2.3,
        2.3,
        None,
        None,
    ),
    (
        "CP09B",
        "child_protection",
        "Plans that ended after two years or more",
        "percent",
        "-",
        46,
        12,
        676,
        444,
        4.4,
        4.2,
        None,
        None,
    ),
    (
        "EX04A",
        "missing",
        "Missing episodes",
        "per_10000",
        "o",
        1853,
        1547,
        None,
        None,
        None,
        None,
        None,
        None,
    ),
    (
        "EX04B",
        "missing",
        "Children who went missing",
        "per_10000",
        "o",
        781,
        618,
        None,
        None,
        None,
        None,
        None,
        None,
    ),
    ("EX05", "missing", "Repeat missing", "percent", "-", 107, 121, 781, 618, None, None, None, None),
    (
        "EX07A",
        "missing",
        "Return interviews completed, of those offered",
        "percent",
        "+",
        1149,
        921,
        1437,
        1233,
        None,
        None,
        None,
        None,
    ),
    (
        "EX07B",
        "missing",
        "Return interviews completed, of all returns",
        "percent",
        "+",
        1149,
        921,
        1742,
        1461,
        None,
        None,
        None,
        None,
    ),
    (
        "EX08",
        "missing",
        "Return interviews within 72 hours",
        "percent",
        "+",
        731,
        512,
        1149,
        921,
        None,
        None,
        None,
        None,
    ),
    (
        "EX09",
        "missing",
        "Police and council records agree",
        "percent",
        "+",
        1541,
        1083,
        1853,
        1547,
        None,
        None,
        None,
        None,
    ),
    (
        "CC07",
        "health",
        "First health assessment in 20 working days",
        "percent",
        "+",
        311,
        197,
        379,
        273,
        None,
        None,
        None,
        None,
    ),
    (
        "ED01",
        "schools",
        "Schools' returns received",
        "percent",
        "+",
        389,
        97,
        402,
        104,
        None,
        None,
        None,
        None,
    ),
    (
        "ED02",
        "schools",
        "Returns received by the first deadline",
        "percent",
        "+",
        331,
        79,
        402,
        104,
        None,
        None,
        None,
        None,
    ),
    (
        "ED03",
        "schools",
        "Schools that self-identified a gap",
        "percent",
        "o",
        143,
        38,
        391,
        98,
        None,
        None,
        None,
        None,
    ),
    (
        "WF01",
        "workforce",
        "Share of training places by agency",
        "percent",
        "o",
        2113,
        1187,
        2113,
        1187,
        None,
        None,
        None,
        None,
    ),
    ("WF09", "workforce", "Board seats filled", "percent", "+", 39, 37, 48, 48, None, None, None, None),
    (
        "WF10",
        "workforce",
        "Board seats filled at decision-making level",
        "percent",
        "+",
        27,
        22,
        48,
        48,
        None,
        None,
        None,
        None,
    ),
    ("DQ01", "quality", "Returns on time", "percent", "+", 31, 27, 34, 34, None, None, None, None),
    (
        "DQ02",
        "quality",
        "Rows accepted",
        "percent",
        "+",
        148213,
        83127,
        149104,
        84519,
        None,
        None,
        None,
        None,
    ),
    (
        "DQ05",
        "quality",
        "Children matched across agencies",
        "percent",
        "+",
        61231,
        38117,
        148213,
        83127,
        None,
        None,
        None,
        None,
    ),
    (
        "DQ06",
        "quality",
        "Values in the official list",
        "percent",
        "+",
        613112,
        303127,
        619104,
        310519,
        None,
        None,
        None,
        None,
    ),
]
STOCK = {"CP05", "CP09A"}
AGENCIES = [
    "STAFFS_CC",
    "STOKE_CC",
    "POLICE",
    "ICB",
    "MPFT",
    "UHNM",
    "SCHOOLS",
    "FIRE",
    "PROBATION",
    "DISTRICTS",
    "VCSE",
    "HMYOI",
]


def quarters() -> list[tuple[str, pd.Timestamp, pd.Timestamp]]:
    out = []
    for year in (2023, 2024, 2025):
        for q in range(4):
            start = pd.Timestamp(year, 4, 1) + pd.DateOffset(months=3 * q)
            out.append(
                (f"{year}-{(year + 1) % 100:02d}-Q{q + 1}", start, start + pd.DateOffset(months=3, days=-1))
            )
    out.append(("2026-27-Q1", pd.Timestamp("2026-04-01"), pd.Timestamp("2026-06-30")))
    return out


def periods() -> pd.DataFrame:
    rows = [("quarter", p, f"{p[-2:]} {p[:7]}", s, e) for p, s, e in quarters()]
    rows += [
        ("rolling_12_months", f"{p}-R12", f"12 months to {e:%B %Y}", e + pd.DateOffset(days=1, years=-1), e)
        for p, s, e in quarters()[3:]
    ]
    rows += [
        (
            "financial_year",
            f"{y}-{(y + 1) % 100:02d}",
            f"{y}-{(y + 1) % 100:02d}",
            pd.Timestamp(y, 4, 1),
            pd.Timestamp(y + 1, 3, 31),
        )
        for y in (2023, 2024, 2025)
    ]
    rows += [
        (
            "academic_year",
            f"{y}-{(y + 1) % 100:02d}",
            f"{y}-{(y + 1) % 100:02d}",
            pd.Timestamp(y, 9, 1),
            pd.Timestamp(y + 1, 8, 31),
        )
        for y in (2023, 2024, 2025)
    ]
    return pd.DataFrame(rows, columns=["period_type", "period_id", "period_label", "start_date", "end_date"])


def values(rng: np.random.Generator) -> pd.DataFrame:
    rows: list[dict[str, object]] = []
    share = {"quarter": 0.25, "rolling_12_months": 1.0, "financial_year": 1.0, "academic_year": 1.0}
    bands = {
        "age_band": ["Unborn", "Under 1", "1 to 4", "5 to 9", "10 to 15", "16 and over"],
        "sex": ["Female", "Male", "Unknown"],
        "ethnicity": ["White", "Mixed", "Asian", "Black", "Other", "Unknown"],
    }
    weights = {
        "age_band": [0.02, 0.1, 0.2, 0.25, 0.35, 0.08],
        "sex": [0.49, 0.505, 0.005],
        "ethnicity": [0.82, 0.08, 0.05, 0.02, 0.01, 0.02],
    }
    all_periods = periods()
    for ind, theme, _, unit, _, ns, nk, ds, dk, *_ in INDICATORS:
        kinds = {"ED": {"academic_year"}}.get(ind[:2], {"quarter", "rolling_12_months", "financial_year"})
        for p in all_periods[all_periods.period_type.isin(kinds)].itertuples():
            if ind[:2] not in ("ED", "EX", "WF", "DQ") and p.end_date > pd.Timestamp("2026-03-31"):
                continue
            drift = 1 + 0.05 * (p.end_date.year - 2025) + rng.normal(0, 0.03)
            part = 1.0 if ind in STOCK else share[p.period_type]
            for area in (STAFFS, STOKE, JOINT):
                n0 = {STAFFS: ns, STOKE: nk, JOINT: ns + nk}[area]
                d0 = None if ds is None else {STAFFS: ds, STOKE: dk, JOINT: ds + dk}[area]
                d = POPULATION[area] if d0 is None else max(1, round(d0 * part * (1 + rng.normal(0, 0.02))))
                n = (
                    round(n0 * part * drift)
                    if d0 is None
                    else min(d, rng.binomial(d, min(0.995, n0 / d0 * drift)))
                )
                trust, why = "complete", ""
                if theme == "missing" and p.period_id.startswith("2026-27"):
                    trust, why = "partial", "Staffordshire Police have not sent June 2026."
                if ind == "EX08" and area == STOKE and p.period_id.startswith("2025-26"):
                    trust, why = "not_safe", "Rule LA12-04: 31% of interviews have no time."
                base = {
                    "indicator_id": ind,
                    "definition_version": "1.0",
                    "area_code": area,
                    "period_type": p.period_type,
                    "period_id": p.period_id,
                    "period_start": p.start_date,
                    "period_end": p.end_date,
                    "unit": unit,
                    "population_year": 2024 if d0 is None else None,
                    "n_excluded": int(rng.integers(0, 40)) if ind in ("FD08", "CP02", "EX07A") else 0,
                    "trust": trust,
                    "trust_reason": why,
                }
                rows.append(
                    base | {"breakdown": "total", "breakdown_value": "All", "numerator": n, "denominator": d}
                )
                if (
                    theme in ("front_door", "assessment", "child_protection", "missing", "health")
                    and p.period_type != "rolling_12_months"
                ):
                    for kind, names in bands.items():
                        ns_ = rng.multinomial(n, weights[kind])
                        ds_ = (
                            [None] * len(names)
                            if d0 is None
                            else np.maximum(ns_, rng.multinomial(d, weights[kind]))
                        )
                        rows += [
                            base
                            | {
                                "breakdown": kind,
                                "breakdown_value": v,
                                "numerator": int(a),
                                "denominator": None if b is None else int(b),
                            }
                            for v, a, b in zip(names, ns_, ds_, strict=True)
                        ]
                if ind in ("WF01", "WF09", "WF10"):
                    for i, agency in enumerate(AGENCIES):
                        a, b = (
                            (
                                round(
                                    n
                                    * [
                                        0.22,
                                        0.14,
                                        0.02,
                                        0.05,
                                        0.11,
                                        0.07,
                                        0.29,
                                        0.02,
                                        0.02,
                                        0.02,
                                        0.03,
                                        0.01,
                                    ][i]
                                ),
                                n,
                            )
                            if ind == "WF01"
                            else (int(rng.integers(0, 5)), 4)
                        )
                        rows.append(
                            base
                            | {
                                "breakdown": "agency",
                                "breakdown_value": agency,
                                "numerator": a,
                                "denominator": b,
                            }
                        )
    frame = pd.DataFrame(rows)
    rate = frame.unit == "per_10000"
    frame["value"] = frame.numerator / frame.denominator * np.where(rate, 10_000, 100)
    frame["ci_low"], frame["ci_high"] = frame.value * 0.95, frame.value * 1.05
    return frame


def comparators() -> pd.DataFrame:
    rows = []
    for ind, *_, eng, wm, sn_s, sn_k in INDICATORS:
        for area, sn in ((STAFFS, sn_s), (STOKE, sn_k)):
            for kind, v, n in (("england", eng, 1), ("west_midlands", wm, 1), ("neighbour_median", sn, 10)):
                if v is not None:
                    rows.append((ind, area, kind, "2025", v, "", n, "dfe_children_in_need"))
    return pd.DataFrame(
        rows,
        columns=[
            "indicator_id",
            "area_code",
            "comparator",
            "year",
            "value",
            "symbol",
            "n_areas",
            "source_table",
        ],
    )


def expected() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    senders = [
        ("council", "cin_census", "staffordshire", STAFFS, "year"),
        ("council", "cin_census", "stoke_on_trent", STOKE, "year"),
        ("council", "missing_and_return_interviews", "staffordshire", STAFFS, "quarter"),
        ("council", "missing_and_return_interviews", "stoke_on_trent", STOKE, "quarter"),
        ("police", "missing_episodes", "staffordshire_police", None, "month"),
        ("health", "looked_after_health_assessments", "nhs_ssot", None, "quarter"),
        ("school", "safeguarding_return", "staffordshire_education", STAFFS, "academic"),
        ("school", "safeguarding_return", "stoke_on_trent_education", STOKE, "academic"),
        ("partnership", "training_attendance", "partnership_office", None, "quarter"),
        ("partnership", "board_attendance", "partnership_office", None, "quarter"),
    ]
    rows = []
    for agency, extract, submitter, area, cadence in senders:
        if cadence == "month":
            ps = [
                (f"{d:%Y-%m}", d, d + pd.offsets.MonthEnd(0))
                for d in pd.date_range("2023-04-01", "2026-06-01", freq="MS")
            ]
        elif cadence == "quarter":
            ps = quarters()
        else:
            month = 4 if cadence == "year" else 9
            ps = [
                (
                    f"{y}-{(y + 1) % 100:02d}",
                    pd.Timestamp(y, month, 1),
                    pd.Timestamp(y + 1, month, 1) - pd.DateOffset(days=1),
                )
                for y in (2023, 2024, 2025)
            ]
        for pid, s, e in ps:
            due = e + pd.DateOffset(days=30 if cadence != "academic" else -123)
            late = int(rng.choice([-6, -2, 0, 4, 11], p=[0.4, 0.25, 0.2, 0.1, 0.05]))
            status, got, sub = (
                "on_time",
                due + pd.DateOffset(days=late),
                f"{zlib.crc32((extract + submitter + pid).encode()):016x}",
            )
            if late > 0:
                status = "late"
            if due > AS_OF:
                status, got, sub = "not_yet_due", None, None
            elif rng.random() < 0.05:
                status, got, sub = "missing", None, None
            rows.append(
                (
                    agency,
                    extract,
                    submitter,
                    area,
                    pid,
                    s,
                    e,
                    due,
                    due + pd.DateOffset(days=5),
                    sub,
                    status,
                    got,
                )
            )
    return pd.DataFrame(
        rows,
        columns=[
            "agency",
            "extract",
            "submitter",
            "area_code",
            "period",
            "period_start",
            "period_end",
            "due_on",
            "grace_until",
            "submission_id",
            "status",
            "first_received_on",
        ],
    )


def submissions(exp: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    sent = exp[exp.submission_id.notna()].copy()
    sent["submission_no"], sent["received_at"] = 1, sent.first_received_on
    sent["file_names"] = sent.extract + "_" + sent.period + ".csv"
    sent["sha256"], sent["bytes"] = "0" * 64, 1000
    sent["rows_received"] = rng.integers(80, 9000, len(sent))
    sent["rows_rejected"] = rng.choice([0, 0, 0, 3, 19, 240], len(sent))
    sent["rows_accepted"] = sent.rows_received - sent.rows_rejected
    sent["status"] = np.where(sent.rows_rejected > 0, "partly_accepted", "accepted")
    sent["reason_code"], sent["agreement_id"], sent["agreement_clause"], sent["contract_version"] = (
        "",
        "ISA-2024-01",
        "4.2",
        "1.0",
    )
    return sent.drop(columns=["first_received_on", "grace_until"])


def quality(subs: pd.DataFrame) -> pd.DataFrame:
    rules = [
        (
            "council",
            "missing_and_return_interviews",
            "episodes",
            "LA12-04",
            "required_if",
            "rhi_at",
            "warn",
            "An interview was done but its time is missing.",
            310,
            1000,
        ),
        (
            "police",
            "missing_episodes",
            "episodes",
            "missing_episodes.episodes.home_la.required",
            "required",
            "home_la",
            "warn",
            "The child's home authority is missing.",
            57,
            2210,
        ),
        (
            "police",
            "missing_episodes",
            "episodes",
            "PO01-07",
            "not_before",
            "located_at",
            "reject_row",
            "The child was found before going missing.",
            4,
            2210,
        ),
        (
            "council",
            "cin_census",
            "referrals",
            "8670Q",
            "within_days",
            "referral_date",
            "note",
            "An assessment has been open for more than 45 working days.",
            83,
            9000,
        ),
    ]
    rows = []
    for a, e, t, r, k, c, s, says, failed, checked in rules:
        for sub in subs[(subs.extract == e)].tail(4).itertuples():
            rows.append(
                (
                    sub.submission_id,
                    a,
                    e,
                    t,
                    sub.submitter,
                    sub.period,
                    r,
                    k,
                    c,
                    s,
                    "sender",
                    says,
                    checked,
                    failed,
                    None,
                    "failed" if failed else "passed",
                )
            )
    return pd.DataFrame(
        rows,
        columns=[
            "submission_id",
            "agency",
            "extract",
            "table_name",
            "submitter",
            "period",
            "rule_id",
            "rule_kind",
            "column_name",
            "severity",
            "fixes",
            "says",
            "checked",
            "failed",
            "gx_failed",
            "outcome",
        ],
    )


def schools() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(9)
    names = ["Oak", "Ash", "Hill", "Meadow", "Canal", "Kiln", "Forge", "Abbey", "River", "Park"]
    reg, ret, ans = [], [], []
    questions = [
        "staff_training",
        "code_of_conduct",
        "policy_published",
        "filtering_and_monitoring",
        "online_checks",
        "encompass",
    ]
    for area, n in ((STAFFS, 60), (STOKE, 24)):
        for year in ("2024-25", "2025-26"):
            for i in range(n):
                urn = f"{(1 if area == STAFFS else 2)}{i:05d}"
                reg.append(
                    (
                        year,
                        area,
                        urn,
                        None,
                        f"{names[i % 10]} {'Primary' if i % 4 else 'High'} School {i + 1} (synthetic)",
                        "PRIMARY" if i % 4 else "SECONDARY",
                        "ACADEMY",
                        "OPEN",
                        200,
                    )
                )
                roll = rng.random()
                if roll < 0.95:
                    day = (
                        pd.Timestamp(int(year[:4]) + 1, 2, 10)
                        if roll < 0.75
                        else pd.Timestamp(int(year[:4]) + 1, 4 if roll < 0.9 else 5, 20)
                    )
                    gap = bool(rng.random() < 0.3)
                    ret.append((year, area, urn, 1, day, gap, True))
                    ans += [
                        (year, area, urn, 1, q, "answer", "3" if gap and j == i % 6 else "2")
                        for j, q in enumerate(questions)
                    ]
    return (
        pd.DataFrame(
            reg,
            columns=[
                "academic_year",
                "area_code",
                "school_urn",
                "predecessor_urn",
                "school_name",
                "phase",
                "school_type",
                "status",
                "roll",
            ],
        ),
        pd.DataFrame(
            ret,
            columns=[
                "academic_year",
                "area_code",
                "school_urn",
                "version",
                "submitted_at",
                "self_identified",
                "is_latest",
            ],
        ),
        pd.DataFrame(
            ans, columns=["academic_year", "area_code", "school_urn", "version", "question", "part", "answer"]
        ).assign(is_latest=True),
    )


def workforce() -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(11)
    seats, books = [], []
    for group, area in (
        ("BOARD_STAFFS", STAFFS),
        ("BOARD_STOKE", STOKE),
        ("ASSURANCE", None),
        ("EXPLOITATION", None),
    ):
        for d in pd.date_range("2023-05-10", "2026-06-10", freq="91D"):
            for a in AGENCIES[:9]:
                level = str(
                    rng.choice(["LEAD", "DELEGATE", "DEPUTY", "BELOW", "NONE"], p=[0.25, 0.3, 0.2, 0.1, 0.15])
                )
                seats.append(
                    (
                        f"{group}{d:%Y%m%d}{a}",
                        group,
                        area,
                        d,
                        a,
                        level,
                        str(rng.choice(["IN_PERSON", "VIRTUAL"])) if level != "NONE" else None,
                        level != "NONE",
                    )
                )
    for i in range(4000):
        books.append(
            (
                f"b{i}",
                str(
                    rng.choice(
                        AGENCIES, p=[0.22, 0.14, 0.02, 0.05, 0.11, 0.07, 0.29, 0.02, 0.02, 0.02, 0.03, 0.01]
                    )
                ),
                str(rng.choice([STAFFS, STOKE])),
                "Working together",
                int(rng.integers(1, 5)),
                pd.Timestamp("2023-04-05") + pd.DateOffset(days=int(rng.integers(0, 1180))),
                str(rng.choice(["IN_PERSON", "VIRTUAL", "ELEARNING"])),
                str(rng.choice(["ATTENDED", "DNA", "CANCELLED"], p=[0.8, 0.12, 0.08])),
            )
        )
    return (
        pd.DataFrame(
            seats,
            columns=[
                "seat_key",
                "meeting_group",
                "area_code",
                "meeting_date",
                "agency_name",
                "attendee_level",
                "mode",
                "is_attended",
            ],
        ),
        pd.DataFrame(
            books,
            columns=[
                "booking_key",
                "agency_name",
                "area_code",
                "course",
                "level",
                "course_date",
                "mode",
                "status",
            ],
        ),
    )


def published() -> pd.DataFrame:
    rows = []
    for measure, table, eng, wm, s, k in [
        ("referral_count", "dfe_children_in_need.referrals", 632830, 62730, 5137, 3873),
        ("rereferral_percent", "dfe_children_in_need.referrals", 22.6, 19.5, 14.2, 21.0),
        ("section47_rate", "dfe_children_in_need.section_47", 189.3, 182.9, 116.1, 303.7),
        ("cpp_subsequent_percent", "dfe_child_protection.subsequent", 24.5, 26.7, 28.0, 28.4),
    ]:
        for y in range(2019, 2026):
            for code, name, level, v in (
                ("E92000001", "England", "National", eng),
                ("E12000005", "West Midlands", "Regional", wm),
                (STAFFS, "Staffordshire", "Local authority", s),
                (STOKE, "Stoke-on-Trent", "Local authority", k),
            ):
                rows.append(
                    (table, measure, code, name, level, str(y), round(v * (1 - (2025 - y) * 0.02), 1), None)
                )
    rows.append(
        (
            "dfe_child_protection.duration",
            "n_2_years_or_more",
            STAFFS,
            "Staffordshire",
            "Local authority",
            "2025",
            None,
            "c",
        )
    )
    return pd.DataFrame(
        rows,
        columns=[
            "source_table",
            "measure",
            "area_code",
            "area_name",
            "geographic_level",
            "time_period",
            "value",
            "symbol",
        ],
    )


def linkage_quality() -> pd.DataFrame:
    """Pairs counted by agencies and group; children of Asian families are recognised less often by the police."""
    pairs = {("all", "all"): (61_238, 0.981), ("council", "police"): (9_131, 0.943), ("council", "health"): (27_413, 0.991),
             ("council", "school"): (20_117, 0.997), ("any", "any"): (61_656, 0.98), ("council", "council"): (412, 0.93), ("health", "police"): (2_307, 0.951),
             ("police", "police"): (6, 1.0)}  # fmt: skip
    groups = [("all", "all", 1.0, 0.0), ("sex", "Female", 0.48, 0.001), ("sex", "Male", 0.52, -0.001),
              ("age_band", "Under 1", 0.06, -0.03), ("age_band", "1 to 4", 0.2, 0.0), ("age_band", "5 to 9", 0.24, 0.0),
              ("age_band", "10 to 15", 0.4, 0.005), ("age_band", "16 and over", 0.1, 0.0),
              ("ethnicity_broad", "White", 0.8, 0.004), ("ethnicity_broad", "Asian", 0.13, -0.07),
              ("ethnicity_broad", "Black", 0.002, 0.0), ("knowable", "knowable", 0.99, 0.01), ("hard_case", "twin", 0.02, -0.01)]  # fmt: skip
    rows = []
    for (a, b), (n, share) in pairs.items():
        for kind, value, part, more in groups:
            true = round(n * part)
            right = min(true, round(true * min(1.0, share + more)))
            wrong = 3 if kind == "all" and a == "all" else 0
            low = kind != "all" and more < -0.05
            rows.append(
                (
                    "synthetic partnership, size 0.1, seed 1",
                    a,
                    b,
                    kind,
                    value,
                    true,
                    right + wrong,
                    right,
                    wrong,
                    low,
                )
            )
        rows.append(
            (
                "synthetic partnership, size 0.1, seed 1",
                a,
                b,
                "hard_case",
                "two children of one family",
                0,
                0,
                0,
                0,
                False,
            )
        )
    names = "measured_on agency_a agency_b group_kind group_value true_pairs linked_pairs correct_pairs wrong_pairs is_recall_low"
    return pd.DataFrame(rows, columns=names.split())


def match_rates(subs: pd.DataFrame) -> pd.DataFrame:
    rng = np.random.default_rng(13)
    mine = subs[subs.agency.isin(["council", "police", "health"])]
    rates = mine[["submission_id", "agency", "extract", "submitter", "period", "period_end"]].copy()
    rates["n_children"] = rng.integers(3, 900, len(rates))
    rates["n_matched"] = (rates.n_children * 0.7).round().astype(int)
    return rates


def build(path: Path) -> Path:
    rng = np.random.default_rng(1)
    vals, exp = values(rng), expected()
    subs = submissions(exp)
    reg, ret, ans = schools()
    seats, books = workforce()
    register = pd.DataFrame(
        [
            (
                i,
                "1.0",
                n,
                t,
                f"{n}, in plain words",
                u,
                p,
                "Partnership analyst",
                "Scrutiny and assurance",
                "CIN census",
                "Numerator in words",
                "Denominator in words",
                "police/missing_episodes, council/missing_and_return_interviews"
                if i == "EX09"
                else "council/cin_census",
            )
            for i, t, n, u, p, *_ in INDICATORS
        ],
        columns=[
            "indicator_id",
            "definition_version",
            "name",
            "theme",
            "plain",
            "unit",
            "polarity",
            "owner",
            "sub_group",
            "definition_source",
            "numerator_words",
            "denominator_words",
            "sources",
        ],
    )
    areas = pd.DataFrame(
        [
            (STAFFS, "Staffordshire", "council", "860", "E12000005"),
            (STOKE, "Stoke-on-Trent", "council", "861", "E12000005"),
            (JOINT, "Both areas together", "joint", None, None),
        ],
        columns=["area_code", "area_name", "area_type", "la_code", "region_code"],
    )
    match = pd.DataFrame(
        {
            "area_code": [STAFFS, STOKE, STAFFS] * 200,
            "gap": (["police_only"] * 4 + ["council_only"]) * 120,
            "started_at": [pd.Timestamp("2026-01-01"), pd.Timestamp("2025-01-01")] * 300,
        }
    )
    children = pd.DataFrame(
        {
            "person_key": ["p1_a", "p1_b"],
            "birth_month": [pd.Timestamp("2015-01-01")] * 2,
            "child_token": ["c1_secret", "c1_secret2"],
        }
    )
    tables = {
        "framework": {
            "fct_indicator_value": vals,
            "dim_indicator": register,
            "fct_indicator_comparator": comparators(),
            "fct_person_key_event_effect": pd.DataFrame(
                [("e1", "merge", "r1", "EX04B", STAFFS, "financial_year", "2025-26", 3)],
                columns=[
                    "event_id",
                    "kind",
                    "release_id",
                    "indicator_id",
                    "area_code",
                    "period_type",
                    "period_id",
                    "n_records",
                ],
            ),
            "fct_indicator_trust": vals[vals.breakdown == "total"][
                ["indicator_id", "area_code", "period_type", "period_id", "trust", "trust_reason"]
            ].rename(columns={"trust_reason": "reason"}),
        },
        "conformed": {
            "dim_area": areas,
            "dim_period": periods(),
            "fct_school_return": ret,
            "fct_school_response": ans,
            "dim_school": reg,
            "fct_meeting_seat": seats,
            "fct_training_booking": books,
            "fct_published_figure": published(),
            "dim_child": children,
            "bridge_child_token": children[["child_token", "person_key"]],
        },
        "quality": {
            "fct_submission": subs,
            "fct_expected_return": exp,
            "fct_quality_result": quality(subs),
            "fct_linkage_quality": linkage_quality(),
            "fct_submission_match_rate": match_rates(subs),
            "fct_children_by_agencies": pd.DataFrame(
                {"n_agencies": [1, 2, 3, 4], "n_children": [41_213, 9_107, 1_412, 6]}
            ),
            "fct_linkage_summary": pd.DataFrame({"item": ["persons", "review_pairs"], "n": [51_738, 213]}),
            "fct_person_key_event": pd.DataFrame(
                [
                    (f"e{i}", kind, f"p1_{i}", f"p1_{i}x", "r1", pd.Timestamp("2026-06-02"))
                    for i, kind in enumerate(["merge"] * 23 + ["split"] * 2)
                ],
                columns=["event_id", "kind", "from_person_key", "to_person_key", "release_id", "recorded_on"],
            ),
            "rec_missing_police_council": match,
            "rec_annex_a_census": pd.DataFrame(
                {
                    "area_code": [STAFFS] * 13 + [STOKE] * 2,
                    "fact": "fct_cp_plan",
                    "gap": ["different"] * 14 + ["only_in_list"],
                    "field": ["end_date"] * 14 + [None],
                }
            ),
            "fct_table_count": subs.assign(table="main")[
                ["submission_id", "table", "rows_received", "rows_accepted", "rows_rejected"]
            ].rename(columns=lambda c: c.removeprefix("rows_")),
        },
        "staging": {"stg_council__cin_census__children": children},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as con:
        for schema, frames in tables.items():
            con.execute(f"create schema {schema}")
            for name, frame in frames.items():
                con.register("frame", frame)
                con.execute(f'create table {schema}."{name}" as select * from frame')
                con.unregister("frame")
    return path


if __name__ == "__main__":
    print(build(Path(sys.argv[1])))
