"""The whole synthetic partnership: landing files of every sender and the truth about them, below one home folder.

Lives here: `make`, which deliveries there are and when each is sent, the swap into place, the marker of a finished run.
Add here: nothing for a new extract; its deliveries are a module of `extracts/`.
Must not live here: how rows come about (agencies.py, others.py), faults (defects.py), formats (writers.py), figures
(calibration.py), true values (truth.py).

The same size and seed give the same bytes. Everything is made in a hidden folder beside the target and moved when whole;
the marker is written last, so a run that was killed starts again and a finished one is not repeated.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ingest.contract import Contracts, load_contracts
from ingest.lake import Home
from ingest.synthetic import agencies, careers, defects, extracts, hard_cases, others, population, truth
from ingest.synthetic import calibration as cal
from ingest.synthetic.days import py
from ingest.synthetic.population import Population
from ingest.synthetic.world import World, split
from ingest.synthetic.writers import Delivery, Style, set_file, write

#: Raise it when the same size and seed give other files than before.
VERSION: Final = 9
MARKER: Final = "_synthetic.json"

#: Days after the deadline, of deliveries that came late. The police month was never sent in time; it came in June.
LATE: Final = {
    ("police/missing_episodes", "staffordshire_police", "2023-08"): 9,
    ("police/missing_episodes", "staffordshire_police", "2024-11"): 6,
    ("police/missing_episodes", "staffordshire_police", "2025-02"): 95,
    ("council/missing_and_return_interviews", "staffordshire", "2024-25-Q3"): 12,
    ("council/missing_and_return_interviews", "stoke_on_trent", "2023-24-Q2"): 8,
    ("council/missing_and_return_interviews", "stoke_on_trent", "2025-26-Q1"): 3,
    ("council/cin_census", "staffordshire", "2023-24"): 19,
    ("health/looked_after_health_assessments", "nhs_ssot", "2023-24-Q4"): 15,
    ("health/looked_after_health_assessments", "nhs_ssot", "2025-26-Q2"): 7,
    ("partnership/training_attendance", "partnership_office", "2024-25-Q1"): 10,
    ("partnership/board_attendance", "partnership_office", "2023-24-Q2"): 6,
    ("school/safeguarding_return", "stoke_on_trent_education", "2024-25"): 9,
}


@dataclass(frozen=True)
class Summary:
    """What was made. Counts only."""

    size: float
    seed: int
    children: int
    deliveries: int
    files: int
    rows: int
    faults: int
    fault_kinds: int
    indicator_values: int
    made: bool  # False when it was all there already


def make(home: Home, size: float = 1.0, seed: int = 2026) -> Summary:
    """Write <home>/landing and <home>/truth. Size 1 is the true number of children. Skips what is already there."""
    if not 0 < size <= 2:
        raise ValueError("size lies above 0 and not above 2")
    stamp = {"size": size, "seed": seed, "version": VERSION}
    done = finished(home, stamp)
    if done is not None:
        return done
    work = home.root / ".synthetic"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    marker = home.truth / MARKER
    marker.unlink(missing_ok=True)  # from here on nothing is finished
    summary = _build(work, size, seed)
    _swap(work / "landing", home.landing)
    _swap_folder(work / "truth", home.truth)
    (work / MARKER).write_text(
        json.dumps({**stamp, "summary": asdict(summary)}, indent=1) + "\n", encoding="utf-8"
    )
    (work / MARKER).replace(marker)
    shutil.rmtree(work, ignore_errors=True)
    return summary


def finished(home: Home, stamp: dict[str, Any]) -> Summary | None:
    """The summary of a finished run with the same stamp, if its files are still there."""
    try:
        found = json.loads((home.truth / MARKER).read_text(encoding="utf-8"))
        if {k: found.get(k) for k in stamp} != stamp or not home.landing.is_dir():
            return None
        return Summary(**{**found["summary"], "made": False})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _swap(made: Path, target: Path) -> None:
    """Move each sender's extract into place; what others have put into landing stays."""
    for extract in sorted(p for p in made.glob("*/*") if p.is_dir()):
        _swap_folder(extract, target / extract.relative_to(made))


def _swap_folder(made: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        shutil.rmtree(target)
    made.rename(target)


@dataclass(frozen=True)
class _Made:
    """A partnership in memory: what is sent, and what is true of it."""

    population: Population
    deliveries: list[Delivery]
    faults: list[dict[str, Any]]
    people: pd.DataFrame
    values: pd.DataFrame


def figures(size: float, seed: int = 2026) -> pd.DataFrame:
    """The true value of every indicator, as in truth/indicators.parquet, without writing any file."""
    return _make(size, seed, load_contracts()).values


def _make(size: float, seed: int, contracts: Contracts) -> _Made:
    pop = population.make(size, seed)
    both = [careers.make(pop, area) for area in (0, 1)]
    missing = agencies.missing(pop)
    frames: dict[str, Any] = {
        "health": others.health(pop),
        "schools": {a: others.schools(pop, a) for a in (0, 1)},
        "training": others.training(pop),
        "board": others.board(pop),
    }
    world = hard_cases.hardened(World(pop, (both[0], both[1]), missing, frames, contracts, LATE))
    pop, both = world.population, list(world.careers)
    clean = list(_deliveries(world))
    clean += extracts.lists(world, clean)
    deliveries, faults = defects.plant(pop, clean, extracts.plant)
    deliveries.sort(key=lambda d: (d.received, str(d.path)))
    people, sent = truth.persons(deliveries, contracts)
    values = truth.indicators(both, missing, frames, deliveries, people, sent, contracts)
    return _Made(pop, deliveries, faults, people, values)


def _build(work: Path, size: float, seed: int) -> Summary:
    contracts = load_contracts()
    made = _make(size, seed, contracts)
    for delivery in made.deliveries:
        write(delivery, work / "landing", contracts)
    record = _record(made.deliveries, made.faults, contracts)
    _save(made.values, work / "truth" / "indicators.parquet")
    _save(_who(made.population, made.people, contracts), work / "truth" / "persons.parquet")
    _save(record, work / "truth" / "defects.parquet")
    return Summary(
        size,
        seed,
        int((made.population.children["area"] < population.VISITOR).sum()),
        len(made.deliveries),
        sum(1 for p in (work / "landing").rglob("*") if p.is_file()),
        sum(len(t) for d in made.deliveries for t in d.tables.values()),
        len(record),
        record["kind"].nunique(),
        len(made.values),
        True,
    )


def _save(frame: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, path, compression="zstd")


def _deliveries(world: World) -> Iterator[Delivery]:
    """Every delivery without faults, one a sender and period; the schools' return is exported twice a year."""
    pop, missing, frames = world.population, world.missing, world.frames
    for c in world.careers:
        for year in cal.CENSUS_YEARS:
            name = f"CIN_{cal.LA[c.area]}_{year}.xml"
            yield world.sent(
                "council/cin_census",
                cal.COUNCILS[c.area],
                f"{year - 1}-{year % 100}",
                name,
                agencies.census(pop, c, year),
            )
    for period, frame in split(agencies.police_rows(pop, missing)):
        yield world.sent(
            "police/missing_episodes",
            "staffordshire_police",
            period,
            f"missing_episodes_{period}.csv",
            {"episodes": frame},
            Style(encoding="cp1252"),
        )
    for area in (0, 1):
        for period, frame in split(agencies.council_missing_rows(pop, missing, area)):
            yield world.sent(
                "council/missing_and_return_interviews",
                cal.COUNCILS[area],
                period,
                f"missing_return_interviews_{period}.csv",
                {"episodes": frame},
            )
    for period, frame in split(frames["health"]):
        yield world.sent(
            "health/looked_after_health_assessments",
            "nhs_ssot",
            period,
            f"health_assessments_{period}.csv",
            {"assessments": frame},
        )
    for period, frame in split(frames["training"]):
        yield world.sent(
            "partnership/training_attendance",
            "partnership_office",
            period,
            f"training_{period}.csv",
            {"bookings": frame},
        )
    for period, frame in split(frames["board"]):
        yield world.sent(
            "partnership/board_attendance",
            "partnership_office",
            period,
            f"board_attendance_{period}.xlsx",
            {"seats": frame},
        )
    for area in (0, 1):
        for year in cal.SCHOOL_YEARS:
            yield from _school_deliveries(area, year, frames["schools"][area][year], world)
    yield from extracts.deliveries(world)


def _school_deliveries(area: int, year: int, t: dict[str, pd.DataFrame], world: World) -> Iterator[Delivery]:
    submitter, period = cal.EDUCATION[area], f"{year - 1}-{year % 100}"
    register = world.sent(
        "school/school_register",
        submitter,
        period,
        f"school_register_{year}.csv",
        {"schools": t["register"].copy()},
        Style(encoding="cp1252"),
    )
    register.received = dt.datetime(year, 1, 29 + area, 9, 15)  # noqa: DTZ001 - in no zone
    yield register
    final = world.sent(
        "school/safeguarding_return", submitter, period, f"safeguarding_return_{period}.xlsx", {}
    )
    first = final.copy(tables=_export(t, area, np.datetime64(final.received)))
    yield first
    final.tables = _export(t, area, np.datetime64("2100-01-01"))
    final.number, final.folder, final.received = (
        2,
        f"{period}__resubmission_2",
        dt.datetime(year, 6, 24, 8, 45),  # noqa: DTZ001
    )
    yield final


def _export(t: dict[str, pd.DataFrame], area: int, until: np.datetime64) -> dict[str, pd.DataFrame]:
    """The survey tool's export on a day: the returns that had come by then. Staffordshire's keeps numbers as numbers."""
    out: dict[str, pd.DataFrame] = {}
    for name in ("returns", "responses"):
        frame = t[name][t[name]["_submitted"].to_numpy() < until].reset_index(drop=True).astype(object)
        frame["school_urn"] = (
            frame["school_urn"].map(int).astype(object) if area == 0 else frame["school_urn"]
        )
        frame["version"] = frame["version"] if area == 0 else frame["version"].astype(str).astype(object)
        out[name] = frame
    return out


def _record(deliveries: list[Delivery], faults: list[dict[str, Any]], contracts: Contracts) -> pd.DataFrame:
    """defects.parquet: every fault with its file and place."""
    rows: list[dict[str, Any]] = []
    for f in faults:
        d: Delivery = f["delivery"]
        extract = contracts[d.key]
        header_rows = extract.by_table[f["table"]].source.header_rows
        row = defects.row_of(d, f["table"], f["position"], header_rows, extract.delivery.format)
        file = d.path
        if (
            extract.delivery.format == "csv_set" and d.raw is None
        ):  # each table of a set has a file of its own
            file = file.with_name(set_file(extract.by_table[f["table"]], d))
        rows.append(
            {
                **_place(d),
                "file": str(file),
                "table": f["table"],
                "row": row,
                "kind": f["kind"],
                "expected_rule_id": f["rule"],
                "effect": f["effect"],
            }
        )
    for d in deliveries:
        rows += [
            {
                **_place(d),
                "table": None,
                "row": None,
                "kind": f["kind"],
                "expected_rule_id": f["rule"],
                "effect": f["effect"],
            }
            for f in d.faults
        ]
        late = d.received.date() - py(truth.due_day(contracts, d.key, truth.last_day(d)))
        if late.days > 0 and d.number == 1 and not d.repeat:
            rows.append(
                {
                    **_place(d),
                    "table": None,
                    "row": None,
                    "kind": "late file",
                    "expected_rule_id": None,
                    "effect": "warned",
                }
            )
        if d.number > 1 and not d.repeat:
            rows.append(
                {
                    **_place(d),
                    "table": None,
                    "row": None,
                    "kind": "corrected file",
                    "expected_rule_id": None,
                    "effect": "mended",
                }
            )
    frame = pd.DataFrame(rows).astype({"row": "Int64"})
    return frame.sort_values(["file", "table", "row", "kind"], kind="stable", ignore_index=True)


def _place(d: Delivery) -> dict[str, Any]:
    return {
        "file": str(d.path),
        "agency": d.agency,
        "extract": d.extract,
        "submitter": d.submitter,
        "period": d.period,
        "submission_no": d.number,
    }


def _who(pop: Population, people: pd.DataFrame, contracts: Contracts) -> pd.DataFrame:
    """persons.parquet: every pseudonymous record in force, who it truly is, what is true of the child, and what makes it hard."""
    child = people["child"].to_numpy()
    mine = pop.children.iloc[child].reset_index(drop=True)
    broad = {c.code: c.broad or "Unknown" for c in contracts.codelists["ethnicity"].codes}
    test = people["person_true"].to_numpy(object) == ""
    was = mine["origin"].to_numpy()
    return people.assign(
        sex=mine["sex"],
        birth_month=pop.birth(child).astype("datetime64[M]").astype(str).astype(object),
        ethnicity_broad=mine["ethnicity"].map(broad),
        family="f" + mine["family"].astype(str),
        hard_case=np.where(test, "", hard_cases.labels(pop, people)).astype(object),
        formerly=np.where(was >= 0, "t" + pd.Series(was).astype(str), "").astype(object),
    ).drop(columns=["shared_upn", "unborn"])


def digest(home: Home) -> str:
    """One fingerprint of everything made, for tests of sameness."""
    whole = hashlib.sha256()
    for folder in (home.landing, home.truth):
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            whole.update(os.fsencode(path.relative_to(home.root)))
            whole.update(path.read_bytes())
    return whole.hexdigest()
