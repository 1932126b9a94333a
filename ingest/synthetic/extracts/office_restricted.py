"""The office's restricted workbooks: serious incidents with their rapid reviews (PA03), restraint at HMYOI Werrington (PA07).

Lives here: a handful of incidents over three years, restraints by month, and the boys held; as each quarter's workbook has them.
Add here: another restricted log of the office.
Must not live here: anything about a child of the population. No row here is about one.

Counts are synthetic and the same at every size of the world. Incidents: nine rapid reviews in about two years (board paper, annual
report 2019/20). Restraints: 80 uses of force per 100 children a month, year to March 2022, YOIs and STCs (Safety in the children
and young people secure estate). Capacity 118 and 84 boys held: the same board paper.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd

from ingest.synthetic.agencies import british, british_time, quarter_id
from ingest.synthetic.days import NEVER, add_working_days, plus
from ingest.synthetic.defects import Planter, each, put, serial
from ingest.synthetic.others import QUARTERS
from ingest.synthetic.population import Array, draw
from ingest.synthetic.world import World
from ingest.synthetic.writers import Delivery, Style

REVIEWS, RESTRAINT, OFFICE = "partnership/incident_reviews", "partnership/restraint", "partnership_office"
INCIDENTS: Final = 15
CAPACITY: Final = 118
HELD: Final = 84
FORCE_PER_100: Final = 80
OUTCOMES: Final = {"NO_REVIEW": 6, "LOCAL_REVIEW": 5, "OTHER_LEARNING": 3, "NATIONAL_REVIEW": 1}
THEMES: Final = (
    "CHALLENGE",
    "CHILD_VOICE",
    "DOMESTIC_ABUSE",
    "EARLY_HELP",
    "INFORMATION",
    "MENTAL_HEALTH",
    "NEGLECT",
    "UNDER_1",
)


def quarter_days(quarter: str) -> tuple[np.datetime64, np.datetime64]:
    """The first and the last day of a quarter by its id."""
    first = np.datetime64(f"{quarter[:4]}-04", "M") + 3 * (int(quarter[-1]) - 1)
    return first.astype("datetime64[D]"), (first + 3).astype("datetime64[D]") - 1


def heading(words: str, quarter: str) -> Style:
    """The title and the note of a workbook of the office."""
    return Style(
        title=(f"{words} (synthetic), Q{quarter[-1]} {quarter[:7].replace('-', '/')}",),
        notes=("Notes: codes as in the office's list",),
    )


def several(rng: np.random.Generator, codes: tuple[str, ...], n: int, most: int = 3, by: str = "; ") -> Array:
    """One to `most` different codes a row, as one cell."""
    picked = np.argsort(rng.random((n, len(codes))), axis=1)[:, :most]
    many = rng.integers(1, most + 1, n)
    cells = np.array(codes, dtype=object)[picked]
    out = cells[:, 0].copy()
    for extra in range(1, most):
        out = np.where(many > extra, out + by + cells[:, extra], out)
    return out


def deliveries(world: World) -> Iterator[Delivery]:
    """One workbook a quarter of each."""
    rng = world.population.rng("office-restricted-sending")
    log, restraints, held = _incidents(world), _restraints(world), _population(world)
    for quarter in QUARTERS:
        first, last = quarter_days(quarter)
        yield world.sent(
            REVIEWS, OFFICE, quarter, f"incident_reviews_{quarter}.xlsx", {"reviews": _as_known(log, first, last)},
            heading("Serious incidents and rapid reviews", quarter), rng,
        )  # fmt: skip
        tables = {
            name: frame[frame["_period"] == quarter].reset_index(drop=True)
            for name, frame in (("incidents", restraints), ("population", held))
        }
        yield world.sent(
            RESTRAINT,
            OFFICE,
            quarter,
            f"restraint_{quarter}.xlsx",
            tables,
            heading("Review of restraint", quarter),
            rng,
        )


def _incidents(world: World) -> pd.DataFrame:
    rng = world.population.rng("office-incidents")
    n = INCIDENTS
    aware = np.sort(np.datetime64("2023-04-03") + rng.integers(0, 1060, n).astype("timedelta64[D]"))
    notified = add_working_days(aware, rng.choice([1, 2, 3, 4, 5, 8], n, p=[0.1, 0.2, 0.25, 0.2, 0.15, 0.1]))
    due = add_working_days(notified, np.full(n, 15))
    submitted = add_working_days(
        notified, np.where(rng.random(n) < 0.6, rng.integers(11, 16, n), rng.integers(16, 34, n))
    )
    outcome = draw(rng, OUTCOMES, n)
    reviewed = outcome == "LOCAL_REVIEW"
    started = np.where(reviewed, plus(submitted, rng.integers(10, 40, n)), NEVER)
    published = np.where(reviewed & (rng.random(n) < 0.5), plus(started, rng.integers(170, 420, n)), NEVER)
    return pd.DataFrame(
        {
            "review_ref": np.char.add("RR", np.char.zfill(np.arange(1, n + 1).astype(str), 3)).astype(object),
            "council_area": draw(rng, {"860": 4, "861": 5}, n),
            "aware": aware,
            "notified": notified,
            "panel": add_working_days(notified, np.full(n, 10)),
            "due": due,
            "submitted": submitted,
            "started": started,
            "published": published,
            "outcome": outcome,
            "blockers": np.where(reviewed, several(rng, ("CRIMINAL", "INQUEST", "FAMILY_COURT"), n, 2), ""),
            "age_band": draw(rng, {"UNDER_1": 7, "1_4": 1, "10_15": 1, "16_17": 1}, n),
            "themes": several(rng, THEMES, n),
        }
    )


def _as_known(log: pd.DataFrame, first: np.datetime64, last: np.datetime64) -> pd.DataFrame:
    """The rows of a quarter's workbook: those known by its last day that were not over before it began."""

    def known(name: str) -> Array:
        days = log[name].to_numpy().astype("datetime64[D]")
        return np.where(days <= last, days, NEVER)

    day = {
        name: known(name)
        for name in ("aware", "notified", "panel", "due", "submitted", "started", "published")
    }
    over = np.where(
        log["outcome"] == "LOCAL_REVIEW",
        log["published"].to_numpy().astype("datetime64[D]"),
        log["submitted"].to_numpy().astype("datetime64[D]"),
    ).astype("datetime64[D]")
    listed = ~np.isnat(day["aware"]) & (np.isnat(over) | (over >= first))
    decided = ~np.isnat(day["submitted"])
    frame = pd.DataFrame(
        {
            "review_ref": log["review_ref"],
            "council_area": log["council_area"],
            "aware_on": british(day["aware"]),
            "notified_on": british(day["notified"]),
            "panel_on": british(day["panel"]),
            "review_due_on": british(
                np.where(np.isnat(day["notified"]), NEVER, log["due"].to_numpy().astype("datetime64[D]"))
            ),
            "review_submitted_on": british(day["submitted"]),
            "outcome": np.where(decided, log["outcome"], "PENDING"),
            "practice_review_started_on": british(day["started"]),
            "published_on": british(day["published"]),
            "blockers": np.where(~np.isnat(day["started"]) & np.isnat(day["published"]), log["blockers"], ""),
            "age_band": log["age_band"],
            "themes": np.where(decided, log["themes"], ""),
            "child_name": "",
            "author_name": "",
            "circumstances": "",
        }
    ).astype(object)
    return frame[listed].reset_index(drop=True)


def _months() -> Array:
    return np.arange(np.datetime64("2023-04", "M"), np.datetime64("2026-04", "M"))


def _held(world: World) -> Array:
    """The average number of boys of each month."""
    return np.clip(world.population.rng("office-held").normal(HELD, 6, len(_months())), 60, CAPACITY).round(1)


def _population(world: World) -> pd.DataFrame:
    first = _months().astype("datetime64[D]")
    frame: dict[str, Any] = {
        "month": british(first),
        "average_population": _held(world).astype(str).astype(object),
        "capacity": str(CAPACITY),
        "_period": quarter_id(first),
    }
    return pd.DataFrame(frame).astype(object)


def _restraints(world: World) -> pd.DataFrame:
    rng = world.population.rng("office-restraint")
    months = _months().astype("datetime64[D]")
    many = rng.poisson(_held(world) * FORCE_PER_100 / 100)
    day = np.repeat(months, many) + rng.integers(0, 28, many.sum()).astype("timedelta64[D]")
    day = np.sort(day)
    n = len(day)
    minute = np.timedelta64(1, "m")
    told = day.astype("datetime64[m]") + rng.integers(1200, 1900, n) * minute
    offered = (
        told + np.where(rng.random(n) < 0.9, rng.integers(30, 1440, n), rng.integers(1441, 5000, n)) * minute
    )
    offered = np.where(rng.random(n) < 0.95, offered, np.datetime64("NaT"))
    screened = np.where(rng.random(n) < 0.96, np.busday_offset(day + 14, 0, roll="forward"), NEVER)
    seen = ~np.isnat(screened)
    return pd.DataFrame(
        {
            "incident_ref": np.char.add("UF", np.char.zfill(np.arange(1, n + 1).astype(str), 5)).astype(
                object
            ),
            "restrained_on": british(day),
            "technique": draw(rng, {"GUIDING": 30, "LOW": 34, "MEDIUM": 24, "HIGH": 9, "OTHER": 3}, n),
            "pain_inducing": np.where(rng.random(n) < 0.02, "Yes", "No"),
            "injury": draw(rng, {"NONE": 90, "MINOR": 9.6, "SERIOUS": 0.4}, n),
            "first_restraint": np.where(rng.random(n) < 0.12, "Yes", "No"),
            "age_band": draw(rng, {"10_15": 12, "16_17": 70, "18_PLUS": 18}, n),
            "cctv_reviewed": np.where(seen & (rng.random(n) < 0.98), "Yes", "No"),
            "advocacy_notified_at": british_time(told),
            "debrief_offered_at": british_time(offered),
            "screened_on": british(screened),
            "learning_found": np.where(seen, np.where(rng.random(n) < 0.07, "Yes", "No"), ""),
            "child_name": "",
            "staff_name": "",
            "account": "",
            "_period": quarter_id(day),
        }
    ).astype(object)


def plant(p: Planter) -> None:
    """Faults that a careful reader mends."""
    words = {"UNDER_1": "Under 1", "1_4": "1-4", "10_15": "10-15", "16_17": "16-17", "18_PLUS": "18+"}
    p.cells(
        REVIEWS,
        "reviews",
        "age_band",
        3,
        each(lambda s: words[s]),
        "code in words",
        "codelist_spelling",
        "mended",
    )
    p.cells(
        REVIEWS, "reviews", "themes", 3, put("Neglect; DA", "Voice of the child, EHA", "Neglect"), "several codes in words",
        "codelist_spelling", "mended",
    )  # fmt: skip
    p.cells(
        REVIEWS,
        "reviews",
        "themes",
        2,
        put("Neglect; see report"),
        "unknown code among several",
        "codelist",
        "warned",
    )
    p.cells(
        RESTRAINT, "incidents", "technique", 6, put("Medium level hold"), "code in words", "codelist_spelling", "mended",
        where=lambda f: f["technique"] == "MEDIUM",
    )  # fmt: skip
    p.cells(RESTRAINT, "incidents", "restrained_on", 5, each(serial), "Excel serial date", "mended", "mended")
    p.cells(
        RESTRAINT, "incidents", "injury", 4, put("First aid"), "code in words", "codelist_spelling", "mended",
        where=lambda f: f["injury"] == "MINOR",
    )  # fmt: skip


__all__ = ["deliveries", "heading", "plant", "quarter_days", "several"]
