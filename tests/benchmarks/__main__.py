"""`make bench`: speed and memory of the paths that have a goal, as ratios to plain tools on the same data.

Lives here: the measurements, each in processes of its own so that peak memory is its own; medians of RUNS.
Add here: a path that has a goal.
Must not live here: assertions on time. A benchmark informs; a test that fails on a slow machine is a nuisance.

Usage: python -m tests.benchmarks [cin_xml] [csv] [ssda903] [annex_a] [linkage] [run]     (default: all but run)

SCP_BENCH_HOME names the home of a full synthetic partnership (`make run`): then `linkage` prints its quality as well.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks import data

RUNS = int(os.environ.get("SCP_BENCH_RUNS", "5"))
REPOSITORY = Path(__file__).resolve().parents[2]


def measure(job: str, *arguments: str) -> dict[str, float]:
    """Wall and CPU seconds and peak MB of one job in a fresh process; start-up and imports are reported apart."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.jobs", job, *arguments],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"the job {job} failed\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def median(job: str, *arguments: str) -> dict[str, float]:
    runs = [measure(job, *arguments) for _ in range(RUNS)]
    return {key: statistics.median(r[key] for r in runs) for key in runs[0]}


def show(
    title: str, rows: list[tuple[str, dict[str, float]]], units: int, unit: str, runs: int = RUNS
) -> None:
    base = rows[0][1]
    print(f"\n{title} (n = {units:,} {unit}, {f'medians of {runs}' if runs > 1 else 'one run'})")
    print(
        f"{'':<34}{'CPU s':>8}{'wall s':>8}{'peak MB':>9}{unit + '/s':>14}{'CPU x':>8}{'wall x':>8}{'peak x':>8}"
    )
    for name, m in rows:
        print(
            f"{name:<34}{m['cpu']:>8.2f}{m['wall']:>8.2f}{m['peak_mb']:>9.0f}{units / m['wall']:>14,.0f}"
            f"{m['cpu'] / base['cpu']:>8.1f}{m['wall'] / base['wall']:>8.1f}{m['peak_mb'] / base['peak_mb']:>8.1f}"
        )


def cin_xml(folder: Path) -> None:
    """Goal: 100,000 children (77 MB) from landing to raw in under 10 CPU-s and 1 GB."""
    path = data.cin_xml(folder / "cin.xml", 100_000)
    print(f"CIN XML: {path.stat().st_size / 1e6:.0f} MB")
    rows = [
        ("lxml alone, walking every leaf", median("walk_xml", str(path))),
        ("landing to raw", median("take_in_xml", str(path))),
    ]
    show("CIN census", rows, 100_000, "children")


def csv(folder: Path) -> None:
    """Goal: 1,000,000 rows with 20 rules from landing to raw in at most 8 times plain pyarrow, under 2 GB."""
    path = data.events_csv(folder / "events.csv", 1_000_000)
    rows = [
        ("pyarrow typed CSV to Parquet", median("plain_csv", str(path))),
        ("landing to raw, 20 rules", median("take_in_csv", str(path))),
    ]
    show("CSV", rows, 1_000_000, "rows")


def annex_a(folder: Path) -> None:
    """Goal: eleven lists of 50,000 rows read in under 60 s, the child that opens the workbook under 1 GB."""
    path = data.annex_a_xlsx(folder / "staffordshire_annex_a_2025-03.xlsx", 50_000)
    print(f"Annex A: {path.stat().st_size / 1e6:.0f} MB")
    rows = [
        ("calamine alone, walking every row", median("walk_xlsx", str(path))),
        ("read, in a child within limits", median("read_xlsx", str(path))),
        ("landing to raw, every rule", median("take_in_xlsx", str(path))),
    ]
    show("Annex A", rows, 550_000, "rows")
    print(f"the child that opens the workbook: {rows[1][1]['child_mb']:.0f} MB")


def ssda903(folder: Path) -> None:
    """Goal: 970,000 rows (100,000 children) from landing to raw with the DfE's rules in under 60 CPU-s and 1.5 GB, and a cost per
    row that does not grow: a delivery costs a second or two whatever its size, so what each further row costs is told apart."""
    before = (0, 0.0)
    for children in (1_000, 10_000, 100_000):
        path = data.ssda903(folder / f"ssda903_{children}", children)
        rows = sum(sum(1 for _ in file.open("rb")) - 1 for file in path.iterdir())
        measured = median("take_in_903", str(path))
        show("SSDA903", [("landing to raw, with its rules", measured)], rows, "rows")
        further = (measured["cpu"] - before[1]) / (rows - before[0])
        print(
            f"CPU ms for 1,000 rows: {1e6 * measured['cpu'] / rows:.1f}; for each further 1,000: {1e6 * further:.1f}"
        )
        before = (rows, measured["cpu"])


def linkage(folder: Path) -> None:
    """Goal: 1,000,000 records of 250,000 children linked in under 6 minutes on 2 cores and 8 GB; a month's 20,000 new ones in under
    30 s; and no pseudonym with another person's key when it came later. Minutes each, so measured once and not five times."""
    home = os.environ.get("SCP_BENCH_HOME")
    folder = data.linkage(folder / "linkage")
    exact, whole = measure("exact_join", str(folder)), measure("link_all", str(folder))
    measure("link_before", str(folder))
    month = measure("link_month", str(folder))
    show(
        "Linkage",
        [("DuckDB, join on number and birth date", exact), ("all steps, everything", whole)],
        1_000_000,
        "records",
        1,
    )
    show("Linkage of a month", [("20,000 new, scores kept", month)], 20_000, "records", 1)
    found = measure("linkage_quality", str(folder))
    print(
        f"pseudonyms with another person's key than in a run of everything: {found['other_key']:,.0f}\n"
        f"precision {found['precision']:.4f}, recall {found['recall']:.4f} of {found['true']:,.0f} pairs; "
        f"{found['twins']:,.0f} linked pairs are twins"
    )
    if home:
        _synthetic_quality(Path(home))


def _synthetic_quality(root: Path) -> None:
    """The counts that the warehouse publishes as fct_linkage_quality, as rates."""
    from ingest.identity import evaluation
    from ingest.lake import Home

    print(f"\n{'':<12}{'':<40}{'agencies':<20}{'belong together':>16}{'precision':>11}{'recall':>8}")
    for r in evaluation.measure(Home(root)).to_pylist():
        if r["group_kind"] == "all" or r["agency_a"] == "all":
            rates = [
                r["correct_pairs"] / r[n] if r[n] else float("nan") for n in ("linked_pairs", "true_pairs")
            ]
            who = f"{r['agency_a']} {r['agency_b']}"
            print(
                f"{r['group_kind'][:11]:<12}{r['group_value'][:39]:<40}{who:<20}{r['true_pairs']:>16,}{rates[0]:>11.4f}{rates[1]:>8.4f}"
            )


def run(folder: Path) -> None:
    """Goal: `make run` at full size in under 4 minutes and 4 GB; again with nothing new in under 20 s."""
    home = folder / "home"
    command = [sys.executable, "-m", "orchestration.cli", "--home", str(home), "run", "--synthetic"]
    for title in ("make run, full size", "make run, nothing new"):
        start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(
            f"{title}: {time.monotonic() - start:.0f} s wall, {cpu:.0f} CPU-s, largest process {after.ru_maxrss / 1024:.0f} MB (n = 1)"
        )
    shutil.rmtree(home)


JOBS = {
    "cin_xml": cin_xml,
    "csv": csv,
    "annex_a": annex_a,
    "ssda903": ssda903,
    "linkage": linkage,
    "run": run,
}

if __name__ == "__main__":
    wanted = sys.argv[1:] or [name for name in JOBS if name != "run"]
    with tempfile.TemporaryDirectory() as scratch:
        for name in wanted:
            JOBS[name](Path(scratch))
