"""The whole synthetic partnership: landing files of every sender and the truth about them, below one home folder.

Lives here: `make`, the order of the parts, when each delivery is sent, the atomic swap into place.
Add here: another extract's deliveries.
Must not live here: how rows come about (agencies.py, others.py), formats (writers.py), figures (calibration.py).
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd

from ingest.contract import Contracts, load_contracts
from ingest.lake import Home
from ingest.synthetic import agencies, careers, population
from ingest.synthetic import calibration as cal
from ingest.synthetic.writers import Delivery, Style, write


def make(home: Home, size: float = 1.0, seed: int = 2026) -> None:
    contracts = load_contracts()
    pop = population.make(size, seed)
    both = [careers.make(pop, a) for a in (0, 1)]
    missing = agencies.missing(pop)
    out: list[Delivery] = []
    for c in both:
        for year in cal.CENSUS_YEARS:
            out.append(Delivery("council", "cin_census", cal.COUNCILS[c.area], f"{year-1}-{year % 100}", 1, dt.datetime(year, 6, 20, 9, 30),
                                f"{year-1}-{year % 100}", f"CIN_{cal.LA[c.area]}_{year}.xml", agencies.census(pop, c, year), year=year))
    rows = agencies.police_rows(pop, missing)
    for period, frame in rows.groupby("_period", sort=True):
        y, m = int(period[:4]), int(period[5:])
        when = dt.datetime(y + (m == 12), m % 12 + 1, 9, 7, 0)
        out.append(Delivery("police", "missing_episodes", "staffordshire_police", period, 1, when, period, f"missing_episodes_{period}.csv",
                            {"episodes": frame.reset_index(drop=True)}, Style(encoding="cp1252"), year=y))
    for area in (0, 1):
        rows = agencies.council_missing_rows(pop, missing, area)
        for period, frame in rows.groupby("_period", sort=True):
            y, q = int(period[:4]), int(period[-1])
            when = dt.datetime(y + (q >= 3), (q * 3 + 4 - 1) % 12 + 1, 20, 10, 0)
            out.append(Delivery("council", "missing_and_return_interviews", cal.COUNCILS[area], period, 1, when, period, f"missing_return_interviews_{period}.csv",
                                {"episodes": frame.reset_index(drop=True)}, year=y + 1 if q < 4 else y + 1))
    for d in out:
        write(d, home.landing, contracts)
