"""The councils' workforce return (LA18): vacancies and one record a social worker, in years to 30 September.

Lives here: the workers of a council, who came and went, how many cases they held on 30 September.
Add here: another element of the return.
Must not live here: the XML (writers.py).

Caseloads, vacancy, agency and turnover rates are near the councils' published figures for 2025 (Partnership data specification WF05 to WF08);
the number of posts is a modest plausible count, synthetic.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from ingest.synthetic import calibration as cal
from ingest.synthetic.agencies import iso
from ingest.synthetic.days import NEVER
from ingest.synthetic.defects import Planter, put
from ingest.synthetic.population import draw
from ingest.synthetic.world import World
from ingest.synthetic.writers import Delivery

KEY: Final = "council/social_work_workforce"
YEARS: Final = (2023, 2024, 2025)  # by the September that ends them
POSTS: Final = (420, 240)
VACANCY: Final = (0.199, 0.217)
AGENCY: Final = (0.088, 0.159)
TURNOVER: Final = (0.084, 0.084)
CASELOAD: Final = (18.4, 18.0)
ROLES: Final = {"5": 70, "4": 12, "3": 11, "6": 4, "2": 2, "1": 1}


def deliveries(world: World) -> Iterator[Delivery]:
    """One return a council and year."""
    rng = world.population.rng("workforce-return-sending")
    for area in (0, 1):
        staff = _staff(world, area)
        for year in YEARS:
            period = f"{year - 1}-{year % 100}"
            name = f"social_work_workforce_{cal.LA[area]}_{year}.xml"
            yield world.sent(
                KEY, cal.COUNCILS[area], period, name, _return(world, area, year, staff), None, rng
            )


def _staff(world: World, area: int) -> pd.DataFrame:
    """Everybody who worked there between the first and the last count: start and end are a worker's for good."""
    rng = world.population.rng(f"workforce-{area}")
    posts = world.population.count(POSTS[area] * (1 - VACANCY[area]), 8)
    came = round(posts * TURNOVER[area] * len(YEARS))
    n = posts + came
    span = 365 * len(YEARS)
    first = np.datetime64(f"{YEARS[0] - 1}-10-01")
    later = first + rng.integers(1, span, n).astype("timedelta64[D]")
    began = np.where(
        np.arange(n) < posts, first - rng.gamma(1.4, 900, n).astype(int).astype("timedelta64[D]"), later
    )
    left = np.where(rng.random(n) < TURNOVER[area] * len(YEARS) / (1 + TURNOVER[area] * len(YEARS)),
                    first + rng.integers(30, span, n).astype("timedelta64[D]"), NEVER)  # fmt: skip
    left = np.where(left <= began + 60, NEVER, left)
    return pd.DataFrame(
        {
            "number": np.char.add("SW", np.char.zfill((np.arange(n) + 10_000 + 50_000 * area).astype(str), 6)).astype(object),
            "agency": rng.random(n) < AGENCY[area],
            "role": draw(rng, ROLES, n),
            "fte": rng.choice([1.0, 0.8, 0.6, 0.5], n, p=[0.78, 0.12, 0.07, 0.03]),
            "began": began,
            "left": left,
            "cases": np.maximum(rng.poisson(CASELOAD[area], n), 1),
            "origin": draw(rng, {"1": 30, "2": 25, "4": 20, "6": 10, "7": 10, "9": 5}, n),
        }
    )  # fmt: skip


def _return(world: World, area: int, year: int, staff: pd.DataFrame) -> dict[str, pd.DataFrame]:
    rng = world.population.rng(f"workforce-{area}-{year}")
    start, end = np.datetime64(f"{year - 1}-10-01"), np.datetime64(f"{year}-09-30")
    began, left = (staff[c].to_numpy().astype("datetime64[D]") for c in ("began", "left"))
    here = staff[(began <= end) & (np.isnat(left) | (left >= start))].reset_index(drop=True)
    began, left = (here[c].to_numpy().astype("datetime64[D]") for c in ("began", "left"))
    gone = ~np.isnat(left) & (left <= end)
    n, agency = len(here), here["agency"].to_numpy(bool)
    holder = (here["role"] == "5").to_numpy()
    absent = ~gone & (rng.random(n) < 0.06)
    fte = here["fte"].to_numpy()
    workers = {
        "agency_worker": np.where(agency, "1", "0"),
        "worker_number": here["number"].to_numpy(object),
        "fte": np.char.mod("%.6f", fte),
        "worker_birth_date": "", "worker_sex": "", "worker_ethnicity": "", "institution": "",
        "qualification_level": draw(rng, {"1": 55, "2": 42, "3": 3}, n),
        "step_up": "0", "frontline": "0",
        "role": here["role"].to_numpy(object),
        "role_start_date": iso(began),
        "start_origin": here["origin"].to_numpy(object),
        "role_end_date": iso(np.where(gone, left, NEVER)),
        "leaver_destination": np.where(gone, draw(rng, {"1": 40, "3": 20, "5": 15, "6": 15, "8": 10}, n), ""),
        "leaving_reason": np.where(gone, draw(rng, {"1": 75, "5": 12, "7": 8, "9": 5}, n), ""),
        "fte_at_30_september": np.where(gone, "", np.char.mod("%.6f", fte)),
        "cases_at_30_september": np.where(~gone & holder, here["cases"].to_numpy().astype(str), ""),
        "working_days_lost": np.char.mod("%.2f", rng.gamma(0.8, 11, n)),
        "contract_weeks": np.where(agency, np.char.mod("%.1f", rng.gamma(3, 12, n)), ""),
        "absent_at_30_september": np.where(absent, "1", "0"),
        "absence_reason": np.where(absent, draw(rng, {"SIC": 55, "MAT": 40, "UNP": 5}, n), ""),
        "support_status": draw(rng, {"2": 75, "1": 12, "3": 10, "4": 3}, n),
    }  # fmt: skip
    frame = pd.DataFrame(
        {
            k: np.asarray(v, dtype=object) if not isinstance(v, str) else np.full(n, v, object)
            for k, v in workers.items()
        }
    )
    posts = world.population.count(POSTS[area], 10)
    in_agency = float(fte[agency & ~gone].sum())
    vacancies = pd.DataFrame(
        {
            "vacancies_fte": [f"{posts * VACANCY[area]:.2f}"],
            "agency_fte": [f"{in_agency:.2f}"],
            "agency_headcount": [str(int((agency & ~gone).sum()))],
        }
    ).astype(object)
    return {"vacancies": vacancies, "workers": frame}


def plant(p: Planter) -> None:
    """Faults that a careful reader tells of."""
    p.cells(KEY, "workers", "leaving_reason", 4, put("99"), "code not in the list", "codelist", "warned")
    p.cells(KEY, "workers", "fte", 3, put("1.400000"), "more than one post", "range", "warned")
