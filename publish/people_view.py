"""Schools, training and meetings: what is about organisations and their staff, never about children.

Lives here: the views of the schools page (with its follow-up worklist) and of training and meetings.
Add here: another figure about schools or staff; never a name of a person.
Must not live here: counts of children.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
from markupsafe import Markup

from publish import figures, words
from publish.board import AREA_NAMES, COUNCILS, Board, as_date, text
from publish.indicator_view import capital, css_of, indicator


def schools(board: Board) -> dict[str, Any]:
    s = board.schools
    year = text(s["academic_year"].max()) if len(s) else ""
    lists: list[dict[str, Any]] = []
    for area in COUNCILS:
        mine = s[s["area_code"] == area]
        states = {
            k: int((mine["state"] == k).sum())
            for k in ("returned", "returned late", "returned with gaps", "not returned")
        }
        work = {
            state: [
                {"name": text(x["school_name"]), "urn": text(x["school_urn"]), "phase": text(x["phase"]).replace("_", " ").capitalize(),
                 "on": words.day(d) if (d := as_date(x["submitted_on"])) else "", "gaps": capital(text(x["gaps"]))}
                for x in mine[mine["state"] == state].sort_values(["school_name", "school_urn"]).to_dict("records")
            ]
            for state in ("not returned", "returned late", "returned with gaps")
        }  # fmt: skip
        lists.append(
            {
                "name": AREA_NAMES[area],
                "css": css_of(area),
                "states": states,
                "work": work,
                "total": len(mine),
            }
        )
    return {
        "indicators": [v for v in (indicator(board, i) for i in ("ED01", "ED02", "ED03")) if v],
        "lists": lists, "year": year.replace("-", "/"),
    }  # fmt: skip


def workforce(board: Board) -> dict[str, Any]:
    year = _last_financial_year(board.as_of)
    start, end = dt.date(year, 4, 1), dt.date(year + 1, 3, 31)
    label = f"{year}-{(year + 1) % 100:02d}"
    return {
        "label": label, "training": _training(board, start, end, label), "meetings": _meetings(board, start, end, label),
        "indicators": [v for v in (indicator(board, i) for i in ("WF09", "WF10")) if v],
        "modes": words.MODES, "levels": words.LEVELS,
    }  # fmt: skip


def _last_financial_year(as_of: dt.date) -> int:
    """The first year of the last financial year that has ended."""
    return as_of.year - 1 if as_of >= dt.date(as_of.year, 3, 31) else as_of.year - 2


def _between(frame: pd.DataFrame, column: str, start: dt.date, end: dt.date) -> pd.DataFrame:
    when = pd.to_datetime(frame[column])
    return frame[(when >= pd.Timestamp(start)) & (when <= pd.Timestamp(end))]


def _meetings(board: Board, start: dt.date, end: dt.date, label: str) -> list[dict[str, Any]]:
    """One entry a meeting group: seats by agency and level, as a chart and its table."""
    seats = _between(board.seats, "meeting_date", start, end)
    out: list[dict[str, Any]] = []
    for group in [g for g in words.GROUPS if g in set(seats["meeting_group"])]:
        mine = seats[seats["meeting_group"] == group]
        counted = mine.groupby(["agency_name", "attendee_level"]).size().unstack(fill_value=0)
        counted = counted.reindex(columns=list(words.LEVELS), fill_value=0)
        counted["total"] = counted.sum(axis=1)
        counted["filled"] = counted["total"] - counted["NONE"]
        counted.index = pd.Index([words.AGENCIES.get(a, a) for a in counted.index])
        counted = counted.sort_index()
        rows: list[dict[str, Any]] = [
            {"agency": a, **{str(k): int(v) for k, v in r.items()}}
            for a, r in zip(counted.index, counted.to_dict("records"), strict=True)
        ]
        drawn = [(_brief(str(r["agency"])), [int(r[p]) for p in words.LEVELS]) for r in rows]
        name = words.GROUPS.get(str(group), str(group))
        meetings = int(mine["meeting_date"].nunique())
        absent = [str(r["agency"]) for r in rows if r["filled"] == 0]
        filled, total = sum(r["filled"] for r in rows), sum(r["total"] for r in rows)
        said = f"In {label}, {100 * filled / total:.1f}% of seats were filled ({filled} of {total}) at {words.plural(meetings, 'meeting')}."
        described = f"{said} The table below the chart gives every number."
        modes = mine[mine["is_attended"].astype(bool)].groupby("mode").size()
        out.append(
            {"name": name, "key": str(group).lower(), "said": said, "absent": words.several(absent), "rows": rows,
             "modes": words.several([f"{n} {_CAME.get(str(m), str(m).lower())}" for m, n in modes.items()]),
             "finding": _meeting_finding(rows, name),
             "chart": Markup(figures.stacked(f"m-{str(group).lower()}", f"Seats by agency and level, {name}, {label}", described, drawn, list(words.LEVELS.values())))}  # noqa: S704
        )  # fmt: skip
    return out


_CAME = {"IN_PERSON": "in person", "VIRTUAL": "online", "HYBRID": "at hybrid meetings"}


def _meeting_finding(rows: list[dict[str, Any]], name: str) -> str:
    able = sum(r["LEAD"] + r["DELEGATE"] for r in rows)
    total = sum(r["total"] for r in rows)
    return f"{name}: someone able to decide sat in {able} of {total} seats"


def _brief(agency: str) -> str:
    """A name short enough for the side of a chart on a phone."""
    short = {
        "Staffordshire County Council": "Staffordshire council", "Stoke-on-Trent City Council": "Stoke-on-Trent council",
        "NHS Integrated Care Board": "NHS ICB", "Midlands Partnership NHS Trust": "Midlands Partnership",
        "University Hospitals of North Midlands": "University Hospitals", "District and borough councils": "District councils",
        "Voluntary and community sector": "Voluntary sector",
    }  # fmt: skip
    return short.get(agency, agency)


def _training(board: Board, start: dt.date, end: dt.date, label: str) -> list[dict[str, Any]]:
    """Attended places by agency in each council's area, and by level and mode."""
    b = _between(board.bookings, "course_date", start, end)
    b = b[b["status"] == "ATTENDED"]
    out: list[dict[str, Any]] = []
    counts = {a: b[b["area_code"] == a].groupby("agency_name").size() for a in COUNCILS}
    top = max((100 * c.max() / c.sum() for c in counts.values() if len(c)), default=1.0)
    for area in COUNCILS:
        mine, c = b[b["area_code"] == area], counts[area]
        if c.empty:
            continue
        c = c.sort_values(ascending=False, kind="stable")
        total = int(c.sum())
        rows: list[dict[str, Any]] = [
            {"agency": words.AGENCIES.get(str(a), str(a)), "n": int(n), "share": 100 * n / total}
            for a, n in c.items()
        ]
        drawn: list[tuple[str, float, str]] = [
            (_brief(r["agency"]), r["share"], f"{r['share']:.1f}% ({r['n']:,})") for r in rows
        ]
        cross = (
            mine.groupby(["level", "mode"])
            .size()
            .unstack(fill_value=0)
            .reindex(columns=[m for m in words.MODES if m in set(mine["mode"])], fill_value=0)
        )
        first, last = rows[0], rows[-1]
        said = (f"In {label}, {total:,} training places were filled in {AREA_NAMES[area]}: most by {first['agency']} "
                f"({first['share']:.1f}%, {first['n']:,} of {total:,}) and fewest by {last['agency']} ({last['share']:.1f}%, {last['n']:,} of {total:,}).")  # fmt: skip
        out.append(
            {"name": AREA_NAMES[area], "css": css_of(area), "total": total, "rows": rows, "said": said,
             "modes": [words.MODES[m] for m in cross.columns],
             "levels": [{"level": int(lv), "cells": [int(v) for v in r.values()]} for lv, r in zip(cross.index, cross.to_dict("records"), strict=True)],
             "chart": Markup(figures.bars(f"t-{css_of(area)}", f"Share of training places by agency, {AREA_NAMES[area]}, {label}", said, drawn, figures.LOOK[area][0], top))}  # noqa: S704
        )  # fmt: skip
    return out
