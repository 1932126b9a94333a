"""What the NHS sends as counts (HE03, HE07, HE09): admissions, staff, child death reviews. Nobody is in any of these files.

Lives here: counts with small ones hidden as the NHS hides them.
Add here: another extract of counts.
Must not live here: rows about children (health_children.py).

Admissions follow England's and the councils' yearly rates where domain specification HL03 to HL05 and HL09 have one (self-harm 319.0 for every 100,000 aged
10 to 24; injury 73 and 64 for every 10,000 aged 0 to 14; mental health 78 and 81 for every 100,000); how they divide by age and sex, all staff numbers and all
deaths are synthetic.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from ingest.synthetic import calibration as cal
from ingest.synthetic.agencies import british
from ingest.synthetic.defects import Planter, each, put
from ingest.synthetic.extracts.health_children import NHS
from ingest.synthetic.others import QUARTERS
from ingest.synthetic.people import laid_out
from ingest.synthetic.population import Array
from ingest.synthetic.world import World, split
from ingest.synthetic.writers import Delivery, Style

ADMISSIONS, STAFF, DEATHS = (
    "health/admissions",
    "health/safeguarding_workforce",
    "health/child_death_review",
)
#: Reason and age band: admissions a year for every 10,000 of the children of 0 to 17, in each council; share of girls. From the rates above.
RATES: Final = {
    ("SELF_HARM", "10-14"): (6.0, 6.6, 0.80),
    ("SELF_HARM", "15-17"): (9.5, 10.5, 0.76),
    ("SELF_HARM", "18-24"): (11.0, 12.5, 0.64),
    ("INJURY", "0-4"): (28.0, 25.0, 0.45),
    ("INJURY", "5-9"): (15.0, 13.5, 0.42),
    ("INJURY", "10-14"): (17.0, 14.5, 0.38),
    ("MENTAL_HEALTH", "10-14"): (3.2, 3.4, 0.72),
    ("MENTAL_HEALTH", "15-17"): (4.6, 4.7, 0.70),
}
#: Provider, staff group and level: staff at full size, share in date, share due supervision (None: no schedule), share supervised.
PLACES: Final = {
    ("MPFT", "NURSING", "3"): (1450, 0.91, 0.45, 0.84),
    ("MPFT", "NURSING", "2"): (900, 0.94, None, 0.0),
    ("MPFT", "THERAPY", "3"): (520, 0.89, 0.3, 0.80),
    ("MPFT", "OTHER", "1"): (1900, 0.96, None, 0.0),
    ("NSCHT", "NURSING", "3"): (480, 0.90, 0.5, 0.82),
    ("NSCHT", "MEDICAL", "3"): (95, 0.86, 0.4, 0.77),
    ("UHNM", "NURSING", "3"): (1250, 0.85, 0.2, 0.79),
    ("UHNM", "MEDICAL", "3"): (640, 0.78, 0.1, 0.71),
    ("UHNM", "SUPPORT", "2"): (2300, 0.90, None, 0.0),
    ("UHNM", "OTHER", "1"): (3100, 0.95, None, 0.0),
    ("UHDB", "NURSING", "3"): (420, 0.88, 0.2, 0.80),
    ("PRIMARY", "MEDICAL", "3"): (780, 0.87, None, 0.0),
    ("PRIMARY", "NURSING", "3"): (560, 0.88, None, 0.0),
    ("MPFT", "NURSING", "4"): (14, 1.0, 1.0, 0.95),
    ("UHNM", "NURSING", "4"): (9, 1.0, 1.0, 0.95),
}
#: Deaths of children reviewed in a year in both areas, by category, and how many of all were reviewed in time or had factors that could be changed.
REVIEWED: Final = {"1": 1, "2": 2, "3": 4, "4": 4, "5": 3, "6": 3, "7": 13, "8": 21, "9": 3, "10": 5}
YEARS: Final = (2024, 2025, 2026)


def deliveries(world: World) -> Iterator[Delivery]:
    """Admissions and staff by quarter, deaths by year."""
    rng = world.population.rng("health-counts-sending")
    for period, frame in split(_admission_rows(world)):
        yield world.sent(ADMISSIONS, NHS, period, f"admissions_{period}.csv", {"counts": frame}, None, rng)
    for period, frame in split(_staff_rows(world)):
        yield world.sent(
            STAFF, NHS, period, f"safeguarding_workforce_{period}.csv", {"levels": frame}, None, rng
        )
    for year in YEARS:
        period = f"{year - 1}-{year % 100}"
        style = Style(notes=("Notes: * stands for a count of 1 to 7",))
        yield world.sent(
            DEATHS,
            NHS,
            period,
            f"child_death_review_{period}.csv",
            {"counts": _death_rows(world, year)},
            style,
            rng,
        )


def hidden(count: Array) -> Array:
    """Counts as the NHS shows them: 1 to 7 as a symbol."""
    count = np.asarray(count)
    return np.where((count >= 1) & (count <= 7), "*", count.astype(str)).astype(object)


def _starts() -> list[np.datetime64]:
    return [np.datetime64(f"{2023 + q // 4}-04", "M") + 3 * (q % 4) for q in range(len(QUARTERS))]


def _admission_rows(world: World) -> pd.DataFrame:
    pop = world.population
    rng = pop.rng("admissions")
    rows = [
        (quarter, start, cal.LA[area], reason, band, sex, rates[area] * cal.POPULATION[2024][area] / 40_000 * (rates[2] if sex == "F" else 1 - rates[2]))
        for quarter, start in zip(QUARTERS, _starts(), strict=True)
        for area in (0, 1)
        for (reason, band), rates in RATES.items()
        for sex in ("F", "M")
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["_period", "start", "home_la", "reason", "age_band", "sex", "mean"])
    columns = {c: frame[c].to_numpy(object) for c in ("home_la", "reason", "age_band", "sex", "_period")}
    columns["quarter_start"] = british(frame["start"].to_numpy().astype("datetime64[D]"))
    columns["admissions"] = hidden(rng.poisson(frame["mean"].to_numpy(float) * pop.size))
    return pd.DataFrame(laid_out(world.contracts[ADMISSIONS], "counts", columns, len(frame)))


def _staff_rows(world: World) -> pd.DataFrame:
    pop = world.population
    rng = pop.rng("health-staff")
    rows = [
        (quarter, start + 3, *place, pop.count(staff, 2), kept, due, had)
        for quarter, start in zip(QUARTERS, _starts(), strict=True)
        for place, (staff, kept, due, had) in PLACES.items()
    ]
    frame = pd.DataFrame(
        rows, columns=["_period", "next", "provider", "staff_group", "level", "staff", "kept", "due", "had"]
    )
    eligible = np.maximum(frame["staff"].to_numpy() + rng.integers(-2, 3, len(frame)), 1)
    due = np.rint(eligible * frame["due"].fillna(0).to_numpy(float)).astype(int)
    none = frame["due"].isna().to_numpy()
    columns = {c: frame[c].to_numpy(object) for c in ("provider", "staff_group", "level", "_period")}
    columns |= {
        "counted_on": british(frame["next"].to_numpy().astype("datetime64[D]") - 1),
        "eligible": eligible.astype(str).astype(object),
        "in_date": rng.binomial(eligible, frame["kept"].to_numpy(float)).astype(str).astype(object),
        "supervision_due": np.where(none, "", due.astype(str)).astype(object),
        "supervised": np.where(none, "", rng.binomial(due, frame["had"].to_numpy(float)).astype(str)).astype(
            object
        ),
    }
    return pd.DataFrame(laid_out(world.contracts[STAFF], "levels", columns, len(frame)))


def _death_rows(world: World, year: int) -> pd.DataFrame:
    pop = world.population
    rng = pop.rng(f"child-deaths-{year}")
    counts = np.array([rng.poisson(mean * pop.size) for mean in REVIEWED.values()])
    whole = int(counts.sum())
    n = len(counts) + 1
    blank = np.full(len(counts), "", dtype=object)
    columns = {
        "year_start": np.full(n, f"01/04/{year - 1}", dtype=object),
        "category": np.array(["ALL", *REVIEWED], dtype=object),
        "deaths_notified": np.r_[hidden(np.array([whole + int(rng.integers(0, 9))])), blank],
        "deaths_reviewed": hidden(np.r_[whole, counts]),
        "reviewed_in_time": np.r_[hidden(rng.binomial(whole, 0.71, 1)), blank],
        "modifiable": np.r_[hidden(rng.binomial(whole, 0.4, 1)), blank],
    }
    return pd.DataFrame(laid_out(world.contracts[DEATHS], "counts", columns, n))


def plant(p: Planter) -> None:
    """The faults that such files have: codes in words, a month's name where Excel saw a date, a repeat."""
    p.cells(ADMISSIONS, "counts", "age_band", 6, put("Oct-14"), "age band turned into a date by Excel", "codelist_spelling", "mended",
            where=lambda f: f["age_band"] == "10-14")  # fmt: skip
    p.cells(
        ADMISSIONS,
        "counts",
        "reason",
        4,
        each(lambda s: s.replace("_", " ").title()),
        "code in words",
        None,
        "mended",
    )
    p.cells(
        STAFF,
        "levels",
        "level",
        6,
        each(lambda s: f"Level {s}"),
        "code in words",
        "codelist_spelling",
        "mended",
    )
    p.extras(
        STAFF,
        "levels",
        2,
        {"in_date": "50000", "staff_group": "THERAPY", "level": "5"},
        "more in date than eligible",
        "HE07-MORE",
    )
    p.extras(ADMISSIONS, "counts", 2, {}, "row repeated", "unique")
