"""What the partnership office knows of the training's effect and reach (PA01b, PA01): evaluation forms and eligible staff.

Lives here: forms sent to those who came on a course that others.py drew, and each agency's number of staff.
Add here: another question about training.
Must not live here: bookings (others.py).

Shares and numbers are synthetic: yearly reports say little of outcomes, and no published figure says how many staff are eligible.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from ingest.synthetic.agencies import british, quarter_id
from ingest.synthetic.days import NEVER, plus
from ingest.synthetic.defects import Planter, each, put, serial
from ingest.synthetic.others import QUARTERS
from ingest.synthetic.population import draw
from ingest.synthetic.world import World, split
from ingest.synthetic.writers import Delivery, Style

EVALUATION, HEADCOUNT, OFFICE = (
    "partnership/training_evaluation",
    "partnership/training_headcount",
    "partnership_office",
)
STAGES: Final = {"0": (1, 0.61), "3": (91, 0.27)}  # days after the course, share answered
CHANGED: Final = 0.58  # of those who answer after three months
SCORES: Final = {"5": 38, "4": 41, "3": 15, "2": 4, "1": 2}
#: Eligible staff at full size, and the share that works in Staffordshire; None: the agency cannot split them.
STAFF: Final[dict[str, tuple[int, float | None]]] = {
    "STAFFS_CC": (2100, 1.0),
    "STOKE_CC": (1300, 0.0),
    "POLICE": (1900, None),
    "FIRE": (620, None),
    "ICB": (140, None),
    "MPFT": (3100, 0.7),
    "UHNM": (2600, 0.35),
    "SCHOOLS": (14500, 0.74),
    "PROBATION": (260, 0.6),
    "DISTRICTS": (900, 1.0),
    "VCSE": (1500, 0.65),
    "HMYOI": (170, 1.0),
}
YEARS: Final = (2024, 2025, 2026)  # financial years by the year they end in


def deliveries(world: World) -> Iterator[Delivery]:
    """Evaluations by the quarter in which forms were sent; staff once a year."""
    rng = world.population.rng("office-training-sending")
    for period, frame in split(_evaluations(world)):
        yield world.sent(
            EVALUATION, OFFICE, period, f"training_evaluation_{period}.csv", {"evaluations": frame}, None, rng
        )
    for year in YEARS:
        period = f"{year - 1}-{year % 100}"
        style = Style(
            title=(
                f"Staff eligible for multi-agency training (synthetic), financial year {year - 1}/{year % 100}",
            ),
            notes=("Notes: as told by each agency",),
        )
        yield world.sent(
            HEADCOUNT, OFFICE, period, f"training_headcount_{period}.xlsx", {"headcount": _headcount(world, year)}, style, rng
        )  # fmt: skip


def _evaluations(world: World) -> pd.DataFrame:
    rng = world.population.rng("office-training")
    bookings = world.frames["training"]
    came = bookings[bookings["status"] == "ATTENDED"]
    parts = [_stage(rng, came, stage, *figures) for stage, figures in STAGES.items()]
    frame = pd.concat(parts, ignore_index=True).sort_values(["_sent", "booking_id"], kind="stable")
    return frame[frame["_period"].isin(QUARTERS)].reset_index(drop=True)


def _stage(rng: np.random.Generator, came: pd.DataFrame, stage: str, days: int, share: float) -> pd.DataFrame:
    n = len(came)
    sent = came["_date"].to_numpy().astype("datetime64[D]") + days
    period = quarter_id(sent)
    month = sent.astype("datetime64[M]").astype(int)
    made = ((month // 3 + 1) * 3).astype("datetime64[M]").astype(
        "datetime64[D]"
    ) + 13  # the export of the quarter
    answered = plus(sent, rng.integers(0, 40, n))
    answered = np.where((rng.random(n) < share) & (answered <= made), answered, NEVER)
    told = ~np.isnat(answered)
    return pd.DataFrame(
        {
            "booking_id": came["booking_id"].to_numpy(object),
            "months_after": stage,
            "course": came["course"].to_numpy(object),
            "course_date": british(came["_date"].to_numpy().astype("datetime64[D]")),
            "agency_name": came["agency_name"].to_numpy(object),
            "delegate_name": "D. Delegate",
            "delegate_email": "delegate@example.org",
            "sent_on": british(sent),
            "answered_on": british(answered),
            "score": np.where(told, draw(rng, SCORES, n), ""),
            "practice_changed": np.where(
                told & (stage == "3"), np.where(rng.random(n) < CHANGED, "Yes", "No"), ""
            ),
            "comments": "",
            "_period": period,
            "_sent": sent,
        }
    ).astype(dict.fromkeys(("months_after", "delegate_name", "delegate_email", "comments"), object))


def _headcount(world: World, year: int) -> pd.DataFrame:
    growth = 1 + 0.01 * (year - YEARS[0])
    rows = [
        (agency, area, world.population.count(staff * share * growth, 1))
        for agency, (staff, north) in STAFF.items()
        for area, share in ((("", 1.0),) if north is None else (("860", north), ("861", 1 - north)))
        if share > 0
    ]
    frame = pd.DataFrame(rows, columns=["agency_name", "council_area", "eligible_headcount"])
    return frame.assign(
        counted_on=f"31/03/{year}",
        eligible_headcount=frame["eligible_headcount"].astype(str),
        contact_name="",
    ).astype(object)


def plant(p: Planter) -> None:
    """Faults that a careful reader mends."""
    words = {
        "STAFFS_CC": "Staffordshire County Council",
        "STOKE_CC": "SOTCC",
        "SCHOOLS": "Education",
        "VCSE": "Charity",
    }
    p.cells(
        EVALUATION, "evaluations", "agency_name", 20, each(lambda s: words[s]), "code in words", "codelist_spelling", "mended",
        where=lambda f: f["agency_name"].isin(list(words)),
    )  # fmt: skip
    p.cells(
        EVALUATION, "evaluations", "months_after", 10, each(lambda s: {"0": "End of course", "3": "3 months"}[s]), "code in words",
        "codelist_spelling", "mended",
    )  # fmt: skip
    p.cells(EVALUATION, "evaluations", "sent_on", 8, each(serial), "Excel serial date", "mended", "mended")
    p.cells(EVALUATION, "evaluations", "score", 4, put("6"), "number outside its range", "range", "warned")
    p.cells(
        HEADCOUNT,
        "headcount",
        "eligible_headcount",
        2,
        each(lambda s: f"{int(s):,}.0"),
        "number with a trailing .0",
        "mended",
        "mended",
    )
