"""The faults that real files have, planted so that the truth stays recoverable, each one on record.

Lives here: what is planted where, and what the pipeline should make of it.
Add here: another kind of fault: one line in `_cells`, `_extras`, `_census` or `_files`.
Must not live here: the truth's figures (truth.py), file formats (writers.py).

Four sorts. Mended: a careful reader gets the true value. Rejected: rows that no true event stands behind (repeats, other
authorities' rows, tests, impossible ones). Superseded: damage in a first file that a corrected one replaces. Warned:
wrong values in fields that no indicator uses. Nothing else is ever damaged, so what is true can still be known.
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ingest.synthetic import calibration as cal
from ingest.synthetic.population import Array, Population
from ingest.synthetic.writers import Delivery, Style, census_xml, first_row, first_sheet_row

Change = Callable[[Array], Array]
MISSING, LA12, HE04 = (
    "police/missing_episodes",
    "council/missing_and_return_interviews",
    "health/looked_after_health_assessments",
)
CIN, RETURN, REGISTER = "council/cin_census", "school/safeguarding_return", "school/school_register"
TRAINING, BOARD = "partnership/training_attendance", "partnership/board_attendance"


def each(f: Callable[[str], str]) -> Change:
    """A change of one cell, for a handful of cells."""
    return lambda values: np.array([f(str(v)) for v in values], dtype=object)


def put(*values: str) -> Change:
    """The given values in turn."""
    return lambda cells: np.array([values[i % len(values)] for i in range(len(cells))], dtype=object)


def iso_date(text: str) -> str:
    """dd/mm/yyyy[ hh:mm] as ISO 8601."""
    day, _, time = text.partition(" ")
    d, m, y = day.split("/")
    return f"{y}-{m}-{d}" + (f"T{time}:00" if time else "")


def serial(text: str) -> str:
    """dd/mm/yyyy as the number that Excel keeps for it."""
    d, m, y = (int(p) for p in text.split("/"))
    return str((dt.date(y, m, d) - dt.date(1899, 12, 30)).days)


def wrong_digit(text: str) -> str:
    """The last digit one on: the check digit no longer fits."""
    return text[:-1] + str((int(text[-1]) + 1) % 10)


def wrong_letter(text: str) -> str:
    """A UPN whose check letter is another one: a made-up number."""
    return ("A" if text[0] != "A" else "B") + text[1:]


def _set(frame: pd.DataFrame, row: int, name: str, value: Any) -> None:
    """One cell, by position."""
    place: Any = (int(row), frame.columns.get_loc(name))
    frame.iat[place] = value


@dataclass
class Planter:
    """Changes deliveries in place and remembers what it did."""

    pop: Population
    deliveries: list[Delivery]
    faults: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = self.pop.rng("defects")
        for d in self.deliveries:
            for frame in d.tables.values():
                for mark in ("_reject", "_ragged", "_touched"):
                    if mark not in frame:
                        frame[mark] = False

    def number(self, k: int) -> int:
        """How many of a kind: `k` at full size, two at least."""
        return self.pop.count(k, 2)

    def of(self, key: str) -> list[Delivery]:
        return [d for d in self.deliveries if d.key == key]

    def note(
        self, d: Delivery, table: str, rows: Sequence[int] | Array, kind: str, rule: str | None, effect: str
    ) -> None:
        self.faults += [
            {"delivery": d, "table": table, "position": int(r), "kind": kind, "rule": rule, "effect": effect}
            for r in rows
        ]

    def cells(
        self,
        key: str,
        table: str,
        name: str,
        k: int,
        change: Change,
        kind: str,
        rule: str | None,
        effect: str,
        where: Callable[[pd.DataFrame], Any] | None = None,
        only: Callable[[Delivery], bool] | None = None,
    ) -> None:
        """Change a field in some rows. `rule` is a rule kind of the field, a whole id (with a capital) or None."""
        spots: list[tuple[Delivery, int]] = []
        for d in self.of(key):
            if table not in d.tables or (only and not only(d)):
                continue
            frame = d.tables[table]
            free = ~frame["_touched"].to_numpy(bool) & (frame[name].to_numpy(object) != "")
            if where is not None:
                free &= np.asarray(where(frame), dtype=bool)
            spots += [(d, int(i)) for i in np.flatnonzero(free)]
        count = min(self.number(k), len(spots))
        rule_id = f"{key.split('/')[1]}.{table}.{name}.{rule}" if rule and rule.islower() else rule
        chosen = (
            [spots[i] for i in sorted(self.rng.choice(len(spots), count, replace=False))] if count else []
        )
        before = np.array([d.tables[table][name].iat[i] for d, i in chosen], dtype=object)
        for (d, i), value in zip(chosen, change(before) if count else [], strict=True):
            frame = d.tables[table]
            _set(frame, i, name, value)
            _set(frame, i, "_touched", True)
            self.note(d, table, [i], kind, rule_id, effect)

    def extras(
        self,
        key: str,
        table: str,
        k: int,
        changes: dict[str, str],
        kind: str,
        rule: str,
        ragged: bool = False,
        fresh: str = "",
        only: Callable[[Delivery], bool] | None = None,
    ) -> None:
        """Add rows behind which there is nothing true: copies of true rows with the given cells."""
        places = [d for d in self.of(key) if len(d.tables[table]) and (not only or only(d))]
        for n, at in enumerate(self.rng.integers(0, len(places), self.number(k))):
            d = places[at]
            frame = d.tables[table]
            good = np.flatnonzero(~frame["_reject"].to_numpy(bool) & ~frame["_touched"].to_numpy(bool))
            if not len(good):
                continue
            row = frame.iloc[[int(good[self.rng.integers(0, len(good))])]].copy()
            for name, value in changes.items():
                row[name] = value
            if fresh:  # a number of its own, so that it is not also a repeat
                row[fresh] = f"ZZ{len(frame):04d}{n:03d}"
            row["_reject"], row["_touched"], row["_ragged"] = True, True, ragged
            d.tables[table] = pd.concat([frame, row], ignore_index=True)
            if ragged:
                d.style.ragged = (*d.style.ragged, len(frame))
            rule_id = rule if rule[0].isupper() else f"{key.split('/')[1]}.{table}.{rule}"
            self.note(d, table, [len(frame)], kind, rule_id, "rejected")


def plant(
    pop: Population, deliveries: list[Delivery], more: Callable[[Planter], None] | None = None
) -> tuple[list[Delivery], list[dict[str, Any]]]:
    """All faults of all sorts, with those that extracts bring (`more`). Every delivery to write and the record of faults."""
    p = Planter(pop, deliveries)
    _cells(p)
    if more is not None:
        more(p)
    _census(p)
    _extras(p)
    _files(p)
    return p.deliveries, p.faults


def _cells(p: Planter) -> None:
    _police_cells(p)
    _council_cells(p)
    _health_cells(p)
    _school_cells(p)
    _office_cells(p)


def _police_cells(p: Planter) -> None:
    m, t = MISSING, "episodes"
    p.cells(
        m,
        t,
        "sex",
        10,
        each(lambda s: {"F": "Fenale", "M": "Male"}.get(s, s)),
        "typo in a code",
        "codelist_spelling",
        "mended",
    )
    p.cells(
        m, t, "risk_grade", 10, each(str.title), "code in another spelling", "codelist_spelling", "mended"
    )
    p.cells(
        m,
        t,
        "home_la",
        10,
        each(lambda s: {"860": "Staffordshire", "861": "Stoke-on-Trent"}[s]),
        "code in words",
        "codelist_spelling",
        "mended",
        where=lambda f: f["home_la"].isin(["860", "861"]),
    )
    p.cells(
        m,
        t,
        "missing_from",
        8,
        each(lambda s: f"{s} - see log"),
        "free text in a coded cell",
        "codelist_spelling",
        "mended",
    )
    p.cells(m, t, "located_at", 8, each(iso_date), "ISO date among British ones", "mended", "mended")
    p.cells(m, t, "nominal_ref", 6, each(lambda s: "'" + s), "leading apostrophe", None, "mended")
    p.cells(
        m,
        t,
        "nhs_number",
        6,
        each(lambda s: f"{s[:3]} {s[3:6]} {s[6:]}"),
        "spaces inside a number",
        "mended",
        "mended",
    )
    p.cells(m, t, "nhs_number", 8, each(wrong_digit), "check digit wrong", "checksum", "warned")
    p.cells(
        m, t, "birth_date", 14, put("01/01/1900", "01/01/1970"), "stand-in birth date", "PO01-DOB", "warned"
    )
    p.cells(m, t, "ethnicity", 10, put("-", "TBC", "N/A", "NULL", " "), "stand-in for blank", None, "mended")
    p.cells(
        m,
        t,
        "postcode",
        8,
        each(lambda s: s.replace("ST1", "STI").replace("0", "O")),
        "letter O for nought in a postcode",
        None,
        "warned",
    )
    p.cells(
        m,
        t,
        "prevention_check_at",
        6,
        put("see attached", "32/13/2024 10:00"),
        "unreadable time",
        "readable",
        "warned",
    )
    p.cells(m, t, "harm_flag", 4, put("maybe"), "unreadable yes or no", "readable", "warned")
    _late_rows(p, m, t, 6, "PO01-PERIOD")


def _late_rows(p: Planter, key: str, table: str, k: int, rule: str) -> None:
    """Rows that come with the next period's file: accepted, with a warning."""
    deliveries = p.of(key)
    for _ in range(p.number(k)):
        at = int(p.rng.integers(0, len(deliveries) - 1))
        here, there = deliveries[at], deliveries[at + 1]
        if here.submitter != there.submitter:
            continue
        free = np.flatnonzero(~here.tables[table]["_touched"].to_numpy(bool))
        if len(here.tables[table]) < 4 or len(there.tables[table]) < 4 or not len(free):
            continue
        i = int(free[p.rng.integers(0, len(free))])
        row = here.tables[table].iloc[[i]].assign(_touched=True)
        moved = len(there.tables[table])
        there.tables[table] = pd.concat([there.tables[table], row], ignore_index=True)
        here.tables[table] = here.tables[table].drop(index=i).reset_index(drop=True)
        for fault in p.faults:  # rows above which one went away
            if fault["delivery"] is here and fault["table"] == table and fault["position"] > i:
                fault["position"] -= 1
        p.note(there, table, [moved], "row of another period", rule, "warned")


def _council_cells(p: Planter) -> None:
    m, t = LA12, "episodes"
    p.cells(
        m,
        t,
        "sex",
        8,
        each(lambda s: {"F": "Girl", "M": "Boy"}.get(s, s)),
        "code in words",
        "codelist_spelling",
        "mended",
    )
    p.cells(
        m,
        t,
        "missing_type",
        8,
        each(lambda s: {"M": "Missing", "A": "Away"}[s]),
        "code in words",
        "codelist_spelling",
        "mended",
    )
    p.cells(
        m,
        t,
        "ethnicity",
        8,
        each(lambda s: "a) WBRI"),
        "free text in a coded cell",
        "codelist_spelling",
        "mended",
        where=lambda f: f["ethnicity"] == "WBRI",
    )
    p.cells(m, t, "birth_date", 8, each(serial), "Excel serial date", "mended", "mended")
    p.cells(m, t, "returned_at", 8, each(iso_date), "ISO date among British ones", "mended", "mended")
    p.cells(
        m,
        t,
        "la_child_id",
        6,
        each(lambda s: s + ".0"),
        "number with a trailing .0",
        "mended",
        "mended",
        only=lambda d: d.submitter == "staffordshire",
    )
    p.cells(m, t, "upn", 6, each(str.lower), "lower case", "mended", "mended")
    p.cells(m, t, "upn", 8, each(wrong_letter), "pseudo-UPN", "checksum", "warned")
    p.cells(m, t, "theme", 8, put("TBC", "-", "n/a"), "stand-in for blank", "mended", "mended")
    p.cells(m, t, "theme", 6, put("GANGS", "see notes"), "unknown code", "codelist", "warned")
    p.cells(m, t, "birth_date", 6, put("01/01/1900"), "stand-in birth date", "LA12-DOB", "warned")
    p.cells(
        m,
        t,
        "reported_by",
        6,
        each(str.capitalize),
        "code in another spelling",
        "codelist_spelling",
        "mended",
    )


def _health_cells(p: Planter) -> None:
    m, t = HE04, "assessments"
    p.cells(m, t, "nhs_number", 4, each(lambda s: s + ".0"), "number with a trailing .0", "mended", "mended")
    p.cells(m, t, "done_on", 4, each(serial), "Excel serial date", "mended", "mended")
    p.cells(m, t, "entered_care_on", 4, each(iso_date), "ISO date among British ones", "mended", "mended")
    p.cells(
        m,
        t,
        "assessment_type",
        4,
        put("Initial"),
        "code in words",
        "codelist_spelling",
        "mended",
        where=lambda f: f["assessment_type"] == "IHA",
    )
    p.cells(
        m,
        t,
        "not_done_reason",
        4,
        put("OTHER - see letter"),
        "free text in a coded cell",
        "codelist_spelling",
        "mended",
        where=lambda f: f["not_done_reason"] == "OTHER",
    )
    p.cells(m, t, "consent_on", 4, put("not recorded", "TBC"), "stand-in for blank", "mended", "mended")
    p.cells(m, t, "local_patient_id", 4, each(lambda s: "'" + s), "leading apostrophe", None, "mended")
    p.cells(m, t, "birth_date", 3, put("01/01/1900"), "stand-in birth date", "HE04-DOB", "warned")
    p.cells(m, t, "nhs_number", 3, each(wrong_digit), "check digit wrong", "checksum", "warned")


def _school_cells(p: Planter) -> None:
    p.cells(
        REGISTER,
        "schools",
        "laestab",
        5,
        each(lambda s: s[:3] + s[4:]),
        "digit of a number lost",
        "pattern",
        "warned",
    )
    p.cells(
        REGISTER,
        "schools",
        "roll",
        4,
        each(lambda s: s + ".0"),
        "number with a trailing .0",
        "mended",
        "mended",
    )
    p.cells(REGISTER, "schools", "roll", 3, put("see attached"), "note in a number", "readable", "warned")
    p.cells(
        REGISTER,
        "schools",
        "phase",
        4,
        each(str.title),
        "code in another spelling",
        "codelist_spelling",
        "mended",
        where=lambda f: f["phase"] == "PRIMARY",
    )
    words = {"1": "Embedded", "2": "In place", "3": "Partly met", "4": "Not met"}
    for name in ("staff_training", "online_checks", "encompass"):
        p.cells(
            RETURN,
            "responses",
            name,
            5,
            each(lambda s: words[s]),
            "code in words",
            "codelist_spelling",
            "mended",
            where=lambda f, n=name: f[n] != "NA",
        )
    p.cells(
        RETURN,
        "responses",
        "record_transfer",
        3,
        put("see attached", "1; 2"),
        "unknown code",
        "codelist",
        "warned",
        where=lambda f: f["record_transfer"].isin(["1", "2"]),
    )
    p.cells(
        RETURN,
        "returns",
        "signed_by_governor",
        4,
        put("Partly", "in June"),
        "unreadable yes or no",
        "readable",
        "warned",
    )
    p.cells(
        RETURN, "returns", "respondent_role", 3, put("-", "TBC"), "stand-in for blank", "mended", "mended"
    )


def _office_cells(p: Planter) -> None:
    names = {
        "STAFFS_CC": "Staffordshire County Council",
        "STOKE_CC": "SOTCC",
        "POLICE": "Staffordshire Police",
        "SCHOOLS": "Schools",
        "VCSE": "Voluntary",
    }
    p.cells(
        TRAINING,
        "bookings",
        "agency_name",
        25,
        each(lambda s: names[s]),
        "code in words",
        "codelist_spelling",
        "mended",
        where=lambda f: f["agency_name"].isin(list(names)),
    )
    p.cells(
        TRAINING,
        "bookings",
        "status",
        20,
        each(str.lower),
        "code in another spelling",
        "codelist_spelling",
        "mended",
    )
    p.cells(
        TRAINING,
        "bookings",
        "mode",
        12,
        put("Teams"),
        "code in words",
        "codelist_spelling",
        "mended",
        where=lambda f: f["mode"] == "VIRTUAL",
    )
    p.cells(
        TRAINING,
        "bookings",
        "council_area",
        12,
        put("Stoke"),
        "code in words",
        "codelist_spelling",
        "mended",
        where=lambda f: f["council_area"] == "861",
    )
    p.cells(
        TRAINING,
        "bookings",
        "level",
        12,
        each(lambda s: s + ".0"),
        "number with a trailing .0",
        "mended",
        "mended",
    )
    p.cells(TRAINING, "bookings", "level", 6, put("7"), "number outside its range", "range", "warned")
    p.cells(TRAINING, "bookings", "course_date", 15, each(serial), "Excel serial date", "mended", "mended")
    p.cells(
        TRAINING,
        "bookings",
        "course_date",
        10,
        each(iso_date),
        "ISO date among British ones",
        "mended",
        "mended",
    )
    p.cells(TRAINING, "bookings", "role", 8, put("N/A", "-"), "stand-in for blank", "mended", "mended")
    p.cells(
        BOARD,
        "seats",
        "attendee_level",
        4,
        put("Chief executive"),
        "code in words",
        "codelist_spelling",
        "mended",
        where=lambda f: f["attendee_level"] == "LEAD",
    )
    p.cells(
        BOARD,
        "seats",
        "agency_name",
        3,
        put("SCC"),
        "code in words",
        "codelist_spelling",
        "mended",
        where=lambda f: f["agency_name"] == "STAFFS_CC",
    )
    p.cells(BOARD, "seats", "meeting_date", 2, each(serial), "Excel serial date", "mended", "mended")


def _extras(p: Planter) -> None:
    """Rows to reject. Repeats come last, so that they repeat rows as they are sent."""
    p.extras(
        MISSING,
        "episodes",
        6,
        {"located_at": "01/01/2001 08:00"},
        "found before missing",
        "PO01-ORDER",
        fresh="episode_ref",
    )
    p.extras(
        MISSING,
        "episodes",
        5,
        {"nominal_ref": "", "forename": "TEST", "surname": "RECORD", "nhs_number": ""},
        "test record without an id",
        "nominal_ref.required",
        fresh="episode_ref",
    )
    p.extras(
        MISSING,
        "episodes",
        4,
        {"missing_at": "01/02/2099 10:00", "located_at": ""},
        "date in the future",
        "PO01-FUTURE",
        fresh="episode_ref",
    )
    p.extras(
        MISSING,
        "episodes",
        4,
        {"circumstances": "Seen near 14 Mill Street"},
        "comma in an address",
        "CSV-RAGGED",
        ragged=True,
        fresh="episode_ref",
        only=lambda d: not d.style.reverse and not d.style.extra and not d.style.totals,
    )
    p.extras(
        LA12, "episodes", 6, {"la_code": "893"}, "record of another authority", "LA12-LA", fresh="missing_id"
    )
    p.extras(
        LA12,
        "episodes",
        5,
        {"la_child_id": ""},
        "row without an id",
        "la_child_id.required",
        fresh="missing_id",
    )
    p.extras(
        LA12,
        "episodes",
        4,
        {"returned_at": "01/01/2001 10:00"},
        "returned before leaving",
        "LA12-ORDER",
        fresh="missing_id",
    )
    p.extras(
        LA12,
        "episodes",
        4,
        {"missing_type": "TEST"},
        "test record",
        "missing_type.codelist",
        fresh="missing_id",
    )
    p.extras(
        HE04,
        "assessments",
        4,
        {"local_patient_id": ""},
        "row without an id",
        "local_patient_id.required",
        fresh="assessment_ref",
    )
    p.extras(
        HE04,
        "assessments",
        3,
        {"entered_care_on": "soon"},
        "unreadable date",
        "entered_care_on.readable",
        fresh="assessment_ref",
    )
    p.extras(
        REGISTER,
        "schools",
        4,
        {"school_urn": "909999", "la_code": "893"},
        "record of another authority",
        "SC03-LA",
    )
    p.extras(
        RETURN,
        "returns",
        3,
        {"school_urn": "909998", "la_code": "893"},
        "record of another authority",
        "SC01-LA",
    )
    p.extras(
        TRAINING,
        "bookings",
        6,
        {"agency_name": ""},
        "row without an agency",
        "agency_name.required",
        fresh="booking_id",
    )
    p.extras(BOARD, "seats", 2, {"meeting_date": ""}, "row without a date", "meeting_date.required")
    repeats = (
        (MISSING, "episodes"),
        (LA12, "episodes"),
        (HE04, "assessments"),
        (REGISTER, "schools"),
        (RETURN, "returns"),
        (RETURN, "responses"),
        (TRAINING, "bookings"),
        (BOARD, "seats"),
    )
    for key, table in repeats:
        p.extras(key, table, 6, {}, "row repeated", "unique")


def _census(p: Planter) -> None:
    c = CIN
    later = lambda d: d.year >= 2025  # noqa: E731 - used three times below
    p.cells(
        c,
        "children",
        "ethnicity",
        10,
        put("a) WBRI"),
        "free text in a coded cell",
        "codelist_spelling",
        "mended",
        where=lambda f: f["ethnicity"] == "WBRI",
    )
    p.cells(c, "children", "ethnicity", 8, put("WBRT", "TEST"), "unknown code", "codelist", "warned")
    p.cells(c, "children", "upn", 10, each(wrong_letter), "pseudo-UPN", "checksum", "warned")
    p.cells(
        c,
        "children",
        "sex",
        6,
        put("Fenale"),
        "typo in a code",
        "codelist_spelling",
        "mended",
        where=lambda f: f["sex"].isin(["F", "2"]),
    )
    p.cells(
        c,
        "children",
        "sex",
        6,
        each(lambda s: {"M": "1", "F": "2"}[s]),
        "code of another year's list",
        "codelist_year",
        "warned",
        where=lambda f: f["sex"].isin(["M", "F"]),
        only=later,
    )
    p.cells(c, "children", "upn_unknown", 5, put("TBC", "N/A"), "stand-in for blank", "mended", "mended")
    p.cells(
        c,
        "children",
        "birth_date",
        8,
        put("1900-01-01"),
        "stand-in birth date",
        "CIN-PLACEHOLDER",
        "warned",
        where=lambda f: f["upn"] == "",
    )
    p.cells(
        c,
        "cin_details",
        "primary_need",
        12,
        put("N1 - Abuse or neglect"),
        "free text in a coded cell",
        "codelist_spelling",
        "mended",
        where=lambda f: f["primary_need"] == "N1",
    )
    p.cells(
        c,
        "cin_details",
        "referral_date",
        8,
        each(lambda s: s + "T00:00:00"),
        "time behind a date",
        "mended",
        "mended",
    )
    p.cells(c, "cin_details", "closure_reason", 8, put(""), "closed without a reason", "CIN-8805", "warned")
    p.cells(
        c, "cin_details", "referral_source", 8, put("02", "schools"), "unknown code", "codelist", "warned"
    )
    p.cells(
        c,
        "assessment_factors",
        "factor",
        10,
        put("18A", "19A"),
        "code of another year's list",
        "codelist_year",
        "warned",
        where=lambda f: f["factor"] == "20",
        only=later,
    )
    p.cells(
        c,
        "cp_plans",
        "initial_category",
        8,
        put("Neglect", "N"),
        "code in words",
        "codelist_spelling",
        "mended",
        where=lambda f: f["initial_category"] == "NEG",
    )
    p.cells(
        c,
        "cp_plans",
        "previous_plans",
        6,
        each(lambda s: s + ".0"),
        "number with a trailing .0",
        "mended",
        "mended",
    )
    _both_dates(p)
    _shared_upn(p)
    for d in p.of(c):
        _garbage_children(p, d)
    ids: dict[str, set[str]] = {d.submitter: set() for d in p.of(c)}
    for d in p.of(c):  # the second id of a child, as the population made it
        frame = d.tables["children"]
        twice = frame["la_child_id"].astype(str).str.startswith(("29", "SOT9")) & ~frame["_reject"].to_numpy(
            bool
        )
        local = [str(x) for x in frame["la_child_id"]]
        rows = [int(i) for i in np.flatnonzero(twice.to_numpy(bool)) if local[int(i)] not in ids[d.submitter]]
        ids[d.submitter] |= {local[i] for i in rows}
        p.note(d, "children", rows, "one child with two ids", None, "mended")
        unborn = np.flatnonzero(
            (frame["expected_birth_date"] != "").to_numpy(bool) & (frame["birth_date"] == "").to_numpy(bool)
        )
        p.note(d, "children", unborn, "unborn child", None, "mended")


def _both_dates(p: Planter) -> None:
    """Born, and the expected date is still there."""
    for d in p.of(CIN)[::3]:
        frame = d.tables["children"]
        free = np.flatnonzero(
            ~frame["_touched"].to_numpy(bool) & (frame["birth_date"] > "2020").to_numpy(bool)
        )[: p.number(2)]
        for i in free:
            _set(frame, i, "expected_birth_date", frame["birth_date"].iat[i])
            _set(frame, i, "_touched", True)
        p.note(d, "children", free, "both birth dates given", "CIN-8525Q", "warned")


def _shared_upn(p: Planter) -> None:
    """Two children with one UPN by mistake; their birth dates differ, so they must not become one."""
    for d in p.of(CIN)[:6]:
        frame = d.tables["children"]
        born, upn = frame["birth_date"].to_numpy(object), frame["upn"].to_numpy(object)
        free = np.flatnonzero(~frame["_touched"].to_numpy(bool) & (upn != "") & (born != ""))
        for n in range(min(p.number(3), len(free) // 4)):
            a, b = int(free[4 * n]), int(free[4 * n + 2])
            if born[a] == born[b] or not upn[a][-1].isdigit():
                continue
            _set(frame, b, "upn", upn[a])
            _set(frame, b, "_touched", True)
            p.note(d, "children", [b], "two children with one UPN", None, "warned")


def _garbage_children(p: Planter, d: Delivery) -> None:
    """Child elements behind which there is nothing true, at the end of the file: repeats, a shared id, a test, bad episodes."""
    test = {"upn": "", "upn_unknown": "UN4"}
    repeat = ({}, {}, "row repeated", "cin_census.children.unique")
    wanted: list[tuple[dict[str, str], dict[str, str], str, str]] = [repeat] * max(p.pop.count(2), 1)
    wanted += [
        ({**test, "birth_date": "2011-11-11"}, {}, "two children with one id", "cin_census.children.unique"),
        (
            {**test, "la_child_id": ""},
            {},
            "test record without an id",
            "cin_census.children.la_child_id.required",
        ),
        (
            {**test, "la_child_id": f"TEST{d.year}1"},
            {"referral_date": ""},
            "row without a date",
            "cin_census.cin_details.referral_date.required",
        ),
        (
            {**test, "la_child_id": f"TEST{d.year}2"},
            {"referral_date": "2031-02-30"},
            "unreadable date",
            "cin_census.cin_details.referral_date.readable",
        ),
        (
            {**test, "la_child_id": f"TEST{d.year}3"},
            {"referral_date": f"{d.year + 3}-05-01"},
            "date in the future",
            "CIN-REFERRAL-FUTURE",
        ),
    ]
    children = d.tables["children"]
    good = np.flatnonzero(~children["_reject"].to_numpy(bool) & ~children["_touched"].to_numpy(bool))
    added: dict[str, list[pd.DataFrame]] = {}
    for child, detail, kind, rule in wanted:
        _copy_child(p, d, added, int(good[p.rng.integers(0, len(good))]), child, detail, kind, rule)
    for name, rows in added.items():
        d.tables[name] = pd.concat([d.tables[name], *rows], ignore_index=True)


INSIDE = {
    "disabilities": "children",
    "cin_details": "children",
    "assessments": "cin_details",
    "assessment_factors": "assessments",
    "cin_plans": "cin_details",
    "section47": "cin_details",
    "cp_plans": "cin_details",
    "cp_reviews": "cp_plans",
    "pre_proceedings": "cin_details",
}


def _copy_child(
    p: Planter,
    d: Delivery,
    added: dict[str, list[pd.DataFrame]],
    source: int,
    child: dict[str, str],
    detail: dict[str, str],
    kind: str,
    rule: str,
) -> None:
    """Copy one child with everything inside it. The child is rejected, or, with a bad episode, its episode."""

    def place(name: str) -> int:
        return len(d.tables[name]) + sum(len(rows) for rows in added.get(name, []))

    moved: dict[str, dict[int, int]] = {"children": {source: place("children")}}
    table = "cin_details" if detail else "children"
    rows = d.tables["children"].iloc[[source]].assign(**child, _reject=not detail, _touched=True)
    p.note(d, table, [place(table)], kind, rule, "rejected")
    added.setdefault("children", []).append(rows)
    for name, parent in INSIDE.items():
        if name not in d.tables:
            continue
        above = d.tables[name]["_parent"].to_numpy().astype(np.int64)
        at = np.flatnonzero(np.isin(above, list(moved[parent])))
        if name == "cin_details" and detail:
            at = at[:1]
        moved[name] = {int(i): place(name) + n for n, i in enumerate(at)}
        rows = (
            d.tables[name]
            .iloc[at]
            .assign(
                _parent=[moved[parent][int(i)] for i in above[at]],
                _reject=not detail or name != "disabilities",
                _touched=True,
            )
        )
        if name == "cin_details":
            rows = rows.assign(**detail)
        added.setdefault(name, []).append(rows)


# --- files


def _files(p: Planter) -> None:
    _styles(p)
    _resubmissions(p)


def _find(p: Planter, key: str, period: str, submitter: str = "") -> Delivery:
    return next(d for d in p.of(key) if d.period == period and (not submitter or d.submitter == submitter))


def _file_fault(d: Delivery, kind: str, code: str | None, effect: str) -> None:
    d.faults.append({"kind": kind, "rule": code, "effect": effect})


def _styles(p: Planter) -> None:
    """The dialects that senders write in."""

    def style(key: str, period: str, submitter: str, kind: str, code: str | None, **changes: Any) -> None:
        d = _find(p, key, period, submitter)
        for name, value in changes.items():
            setattr(d.style, name, value)
        _file_fault(d, kind, code, "mended")

    style(
        MISSING,
        "2023-05",
        "",
        "title lines above the header",
        "FILE-TITLES",
        title=("Missing children (synthetic)", ""),
    )
    style(MISSING, "2023-11", "", "totals row", "FILE-FOOTER", totals=True)
    style(
        MISSING,
        "2024-07",
        "",
        "headers in capitals, columns in another order",
        None,
        case="upper",
        reverse=True,
    )
    style(MISSING, "2025-05", "", "extra columns", "FILE-COLUMN-IGNORED", extra=("Ward", "Beat Code"))
    style(MISSING, "2024-09", "", "UTF-8 with a byte order mark", "FILE-ENCODING", encoding="utf-8-sig")
    renamed = {
        "nominal_ref": "Niche ID",
        "missing_at": "Missing From Date/Time",
        "located_at": "Return Date/Time",
        "risk_grade": "Risk Level",
    }
    for d in p.of(MISSING):
        if d.period >= "2025-10":
            d.style.headers = renamed
            _file_fault(d, "columns renamed between years", None, "mended")
    style(LA12, "2023-24-Q1", "stoke_on_trent", "UTF-8 with a byte order mark", None, encoding="utf-8-sig")
    style(LA12, "2024-25-Q2", "staffordshire", "UTF-16", "FILE-ENCODING", encoding="utf-16")
    style(LA12, "2024-25-Q4", "stoke_on_trent", "semicolons between cells", "FILE-DELIMITER", delimiter=";")
    style(
        LA12,
        "2023-24-Q3",
        "staffordshire",
        "notes below the rows",
        "FILE-FOOTER",
        notes=("Note: figures are provisional",),
    )
    style(
        LA12, "2025-26-Q2", "stoke_on_trent", "headers in small letters", None, case="lower", drop=("notes",)
    )
    style(
        LA12,
        "2025-26-Q3",
        "staffordshire",
        "Windows-1252 instead of UTF-8",
        "FILE-ENCODING",
        encoding="cp1252",
    )
    _find(p, LA12, "2025-26-Q3", "staffordshire").tables["episodes"]["notes"] = "Spoke to Chloë’s carer"
    style(RETURN, "2023-24", "stoke_on_trent_education", "hidden sheet", "XLSX-HIDDEN", hidden=True)
    style(
        TRAINING,
        "2023-24-Q3",
        "",
        "title lines above the header",
        "FILE-TITLES",
        title=("Training report (synthetic)",),
        totals=True,
    )
    style(TRAINING, "2025-26-Q1", "", "extra columns", "FILE-COLUMN-IGNORED", extra=("Cost Centre",))
    for d in p.of(HE04):
        d.style.drop = ("clinical_notes",)
    prohibited = _find(p, HE04, "2024-25-Q2")
    prohibited.style.drop = ()
    prohibited.tables["assessments"]["clinical_notes"] = "Synthetic note that must never be kept"
    _file_fault(prohibited, "free text that may not be sent", None, "mended")
    for d in (*p.of(RETURN), *p.of(BOARD)):
        d.style.title = (
            (f"Safeguarding return. Academic year {d.period.replace('-', '/')} (synthetic)",)
            if d.key == RETURN
            else ("Attendance register (synthetic)",)
        )
        if d.key == RETURN:
            d.style.notes = ("Note: answers run from 1 (embedded) to 4 (not met).", "Source: survey export")
            _file_fault(d, "merged cells and two header rows", None, "mended")
            _file_fault(d, "notes below the rows", "FILE-FOOTER", "mended")
        else:
            d.style.notes = ("Notes: levels as agreed by the board",)
            _file_fault(d, "title lines above the header", "FILE-TITLES", "mended")
    first = _find(p, MISSING, "2024-04")
    first.manifest = {"period": "2024-05"}
    _file_fault(first, "wrong period on the cover", "FILE-PERIOD", "warned")


def _resubmissions(p: Planter) -> None:
    """Corrected files and the first ones that they replace; files refused; a file sent twice."""

    def replace_first(d: Delivery, days_later: int, **first: Any) -> Delivery:
        """Make `d` the second submission and return the first one, received when `d` would have been."""
        earlier = d.copy(**first)
        d.number, d.received = d.number + 1, d.received + dt.timedelta(days=days_later)
        d.folder = f"{d.folder.split('__')[0]}__resubmission_{d.number}"
        p.deliveries.append(earlier)
        _carry(p, d, earlier)
        return earlier

    # A defective census, corrected.
    d = _find(p, CIN, "2024-25", "stoke_on_trent")
    _damage_census(p, replace_first(d, 24))
    # An export that broke off.
    d = _find(p, CIN, "2025-26", "staffordshire")
    whole = census_xml(d)
    broken = replace_first(d, 6, raw=whole[: int(len(whole) * 0.6)], accepted=False, tables={})
    _file_fault(broken, "file broken off", "XML-MALFORMED", "superseded")
    # Fewer rows by mistake, then put right. The third is not the first again: review times were filled in meanwhile.
    d = _find(p, LA12, "2024-25-Q2", "stoke_on_trent")
    first = replace_first(d, 20)
    first.tables["episodes"]["reviewed_at"] = ""
    fewer = d.copy()
    fewer.tables["episodes"] = (
        fewer.tables["episodes"].iloc[: max(len(d.tables["episodes"]) // 2, 1)].reset_index(drop=True)
    )
    fewer.faults = []
    fewer.received = first.received + dt.timedelta(days=9)
    p.deliveries.append(fewer)
    _carry(p, d, fewer)
    d.number, d.folder = 3, "2024-25-Q2__resubmission_3"
    _file_fault(fewer, "resubmission with fewer rows", None, "superseded")
    # An empty file, and a workbook with a password.
    empty = replace_first(_find(p, HE04, "2025-26-Q1"), 5, raw=b"", accepted=False, tables={}, faults=[])
    _file_fault(empty, "file empty", "FILE-EMPTY", "superseded")
    locked = replace_first(
        _find(p, BOARD, "2024-25-Q3"), 4, raw=locked_workbook(), accepted=False, tables={}, faults=[]
    )
    _file_fault(locked, "workbook with a password", "XLSX-ENCRYPTED", "superseded")
    # Damaged rows in a first quarterly file.
    d = _find(p, LA12, "2025-26-Q2", "staffordshire")
    earlier = replace_first(d, 12)
    _wreck(
        p,
        earlier,
        "episodes",
        "returned_at",
        3,
        put("yesterday"),
        "unreadable time",
        "missing_and_return_interviews.episodes.returned_at.readable",
    )
    _wreck(
        p,
        earlier,
        "episodes",
        "la_child_id",
        2,
        put(""),
        "row without an id",
        "missing_and_return_interviews.episodes.la_child_id.required",
    )
    # The same file twice.
    d = _find(p, HE04, "2024-25-Q1")
    again = d.copy(
        folder=f"{d.folder}__again", received=d.received + dt.timedelta(days=3), repeat=True, faults=[]
    )
    _file_fault(again, "same file delivered twice", None, "superseded")
    p.deliveries.append(again)
    _carry(p, d, again)


def _carry(p: Planter, d: Delivery, other: Delivery) -> None:
    """The faults that a superseded copy of a file has in common with the file in force."""
    p.faults += [
        {**f, "delivery": other, "effect": "superseded"}
        for f in p.faults
        if f["delivery"] is d and f["table"] in other.tables and f["position"] < len(other.tables[f["table"]])
    ]


def _wreck(
    p: Planter, d: Delivery, table: str, name: str, k: int, change: Change, kind: str, rule: str
) -> None:
    """Damage in a delivery that another replaces."""
    frame = d.tables[table]
    free = np.flatnonzero(~frame["_touched"].to_numpy(bool) & (frame[name].to_numpy(object) != ""))
    pick = free[: min(p.number(k), len(free))]
    frame.loc[pick, name] = change(frame[name].to_numpy(object)[pick])
    frame.loc[pick, "_touched"] = True
    p.note(d, table, pick, kind, rule, "superseded")


def _damage_census(p: Planter, d: Delivery) -> None:
    _wreck(
        p,
        d,
        "cin_details",
        "referral_date",
        20,
        put(""),
        "row without a date",
        "cin_census.cin_details.referral_date.required",
    )
    _wreck(
        p, d, "cin_details", "closure_date", 25, put("2001-01-01"), "closed before the referral", "CIN-8630"
    )
    _wreck(
        p,
        d,
        "assessments",
        "assessment_authorisation_date",
        25,
        put("2001-01-01"),
        "authorised before the start",
        "CIN-8608",
    )
    _wreck(
        p,
        d,
        "section47",
        "icpc_date",
        12,
        put("2001-01-01"),
        "conference before the enquiry",
        "CIN-ICPC-ORDER",
    )
    _wreck(
        p,
        d,
        "section47",
        "s47_start_date",
        6,
        put("2024-13-45"),
        "unreadable date",
        "cin_census.section47.s47_start_date.readable",
    )
    _wreck(p, d, "cp_plans", "cpp_end_date", 8, put("2001-01-01"), "plan ends before it starts", "CIN-8925")


def locked_workbook() -> bytes:
    """A compound file with the two streams of a workbook under a password, and nothing readable inside."""
    free, end, fat = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        0x3E,
        3,
        0xFFFE,
        9,
        6,
        0,
        1,
        1,
        0,
        4096,
        end,
        0,
        end,
        0,
    )
    header += struct.pack("<I", 0) + struct.pack("<I", free) * 108
    table = struct.pack("<5I", fat, end, 3, 4, 5) + struct.pack("<7I", 6, 7, 8, 9, 10, end, 12)
    table += b"".join(struct.pack("<I", i) for i in range(13, 20)) + struct.pack("<I", end)
    table = (table + struct.pack("<I", free) * 128)[:512]

    def entry(name: str, kind: int, child: int, left: int, start: int, size: int) -> bytes:
        text = name.encode("utf-16-le") + b"\0\0"
        return struct.pack(
            "<64sHBBIII16xIQQIQ", text, len(text), kind, 1, left, free, child, 0, 0, 0, start, size
        )

    directory = (
        entry("Root Entry", 5, 1, free, end, 0)
        + entry("EncryptionInfo", 2, free, 2, 2, 4096)
        + entry("EncryptedPackage", 2, free, free, 11, 4096)
    )
    directory += b"\0" * 128
    body = bytes((i * 7919 >> 3) & 0xFF for i in range(4096))
    return header + table + directory + body + b"\0" * 512 + body


def row_of(d: Delivery, table: str, position: int, header_rows: int, form: str) -> int:
    """The row as in Excel, or the ordinal of the element."""
    if form in ("xml", "json"):
        return position + 1
    return (first_sheet_row(d.style, header_rows) if form == "xlsx" else first_row(d.style)) + position


__all__ = ["Planter", "Style", "cal", "locked_workbook", "plant", "row_of"]
