"""The world that every extract of the synthetic partnership is drawn from, and how a delivery of it is made.

Lives here: `World`, which gathers the people, their careers and the agencies' records, and makes a delivery with its day.
Add here: another record that several extracts are drawn from.
Must not live here: the rows of one extract (`extracts/`, agencies.py, others.py), faults (defects.py), formats (writers.py).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ingest.contract import Contracts
from ingest.synthetic import agencies, careers, truth
from ingest.synthetic.days import py
from ingest.synthetic.population import Population
from ingest.synthetic.writers import Delivery, Style

#: How many days before it is due a file comes, from and below. The statutory returns of a year come well before their last day,
#: so that the data never run past the end of June, whatever the size.
EARLY_DAYS = {"cin_census": (12, 18), "ssda903": (2, 8), "police": (0, 2)}
EARLY_OTHERS = (0, 5)


@dataclass
class World:
    """People and what truly happened to them: the same for every agency."""

    population: Population
    careers: tuple[careers.Careers, careers.Careers]  # Staffordshire, Stoke-on-Trent
    missing: agencies.Missing
    frames: Mapping[str, Any]  # what others.py draws once: health, schools, training, board
    contracts: Contracts
    late: Mapping[tuple[str, str, str], int] = field(default_factory=dict[tuple[str, str, str], int])
    rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.rng = self.population.rng("sending")

    def sent(
        self,
        key: str,
        submitter: str,
        period: str,
        file: str,
        tables: dict[str, pd.DataFrame],
        style: Style | None = None,
        rng: np.random.Generator | None = None,
    ) -> Delivery:
        """One delivery without faults, received in the days before it is due unless it is listed as late.

        `file` is the file's name; of a set of files it is only a label, each table has a file of its own. An extract
        gives its own `rng`, so that a new one does not move the days of the others.
        """
        agency, extract = key.split("/")
        rng = self.rng if rng is None else rng
        d = Delivery(
            agency,
            extract,
            submitter,
            period,
            1,
            dt.datetime(2000, 1, 1),  # noqa: DTZ001 - the files carry local times
            period,
            file,
            tables,
            style or Style(),
        )
        d.year = int(str(truth.last_day(d))[:4])
        due = py(truth.due_day(self.contracts, key, truth.last_day(d)))
        late = self.late.get((key, submitter, period))
        early = int(rng.integers(*EARLY_DAYS.get(extract, EARLY_DAYS.get(agency, EARLY_OTHERS))))
        day = due + dt.timedelta(days=late) if late else due - dt.timedelta(days=early)
        d.received = dt.datetime(  # noqa: DTZ001
            day.year, day.month, day.day, int(rng.integers(7, 18)), int(rng.integers(0, 60))
        )
        return d


def split(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """(period, its rows) of a frame with `_period`, in order."""
    for period, frame in rows.groupby("_period", sort=True):
        yield str(period), frame.reset_index(drop=True)
