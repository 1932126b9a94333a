"""The whole way, in one process: take in what waits, build, publish.

Lives here: the order of the steps, when there is nothing to do, and what is said while it goes.
Add here: a step between landing and release.
Must not live here: the steps themselves.
"""

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest import reference, registry
from ingest.identity import linkage
from ingest.lake import Home, anchor_schemas, write_text
from orchestration import pending as waiting
from orchestration.settings import Settings
from orchestration.warehouse_file import is_current, is_published

if TYPE_CHECKING:  # importing Dagster takes three seconds, and a run with nothing to do needs none of it
    from dagster import DagsterInstance, Definitions

Say = Callable[[str], None]

DAGSTER_YAML = """\
# Written by `scp run`; local, one machine. Postgres is the documented production option.
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  pools:
    granularity: op
    default_limit: 1
run_monitoring:
  enabled: true
  max_runtime_seconds: 14400
"""


@dataclass
class Outcome:
    """What a run did, for whoever started it."""

    taken_in: int = 0
    refused: list[str] = field(default_factory=list)
    unchanged: bool = False
    not_recognised: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


class RunFailed(RuntimeError):
    """A step did not succeed. The message names the step; Dagster's log has the rest."""


def run(settings: Settings, say: Say) -> Outcome:
    """Take in everything that waits, build and publish. Does nothing when nothing is new.

    Raises Busy when another run holds the home folder, RunFailed when a step fails; the last release stays in force.
    """
    from orchestration.locking import clear_stale_runs, single_writer

    outcome = Outcome()
    with single_writer(settings.home):
        settings.export()
        registry.reconcile(settings.home)
        finish_erasures(settings, say)
        anchor_schemas(settings.home, settings.contracts)
        if settings.landing_override is None:
            reference.land(settings.home)
        with _timed(outcome, "look"):
            found, strangers = waiting.arrived(settings)
            outcome.not_recognised = waiting.note_strangers(settings, strangers)
            items = waiting.pending(settings, found)
        built = not items and is_current(settings) and linkage.is_current(settings.home)
        if built and is_published(settings):
            outcome.unchanged = True
            return outcome
        say(f"{len(items)} of {len(found)} deliveries wait to be taken in")
        with _timed(outcome, "start Dagster"):
            flow, instance = _dagster(settings)
            clear_stale_runs(instance)
        with _timed(outcome, "take in"):
            _take_in(settings, flow, instance, items, outcome, say)
        if not built:  # a run that ended between building and publishing left a whole warehouse
            with _timed(outcome, "build"):
                say("building the warehouse: models, tests, audit")
                _execute(settings, flow, instance, "build_warehouse")
        with _timed(outcome, "publish"):
            say("publishing the release")
            _execute(settings, flow, instance, "publish_release")
    return outcome


def take_in_only(settings: Settings, say: Say) -> Outcome:
    """Take in what waits; no build, no release."""
    from orchestration.locking import clear_stale_runs, single_writer

    outcome = Outcome()
    with single_writer(settings.home):
        settings.export()
        registry.reconcile(settings.home)
        finish_erasures(settings, say)
        anchor_schemas(settings.home, settings.contracts)
        found, strangers = waiting.arrived(settings)
        outcome.not_recognised = waiting.note_strangers(settings, strangers)
        items = waiting.pending(settings, found)
        flow, instance = _dagster(settings)
        clear_stale_runs(instance)
        with _timed(outcome, "take in"):
            _take_in(settings, flow, instance, items, outcome, say)
    return outcome


def job_only(settings: Settings, job: str, say: Say) -> None:
    """Run one unpartitioned job."""
    from orchestration.locking import clear_stale_runs, single_writer

    with single_writer(settings.home):
        settings.export()
        finish_erasures(settings, say)
        anchor_schemas(settings.home, settings.contracts)
        flow, instance = _dagster(settings)
        clear_stale_runs(instance)
        say(job.replace("_", " "))
        _execute(settings, flow, instance, job)


def finish_erasures(settings: Settings, say: Say) -> None:
    """Carry out erasures that were approved and not finished, before anything is read or built. Raises RunFailed."""
    from ingest.identity import erasure
    from ingest.identity.rights import NotPossible, Place

    place = Place(settings.home, settings.contracts, settings.agreements, settings.landing)
    try:
        for case in erasure.finish(place):
            say(f"finished the erasure {case.id}")
    except NotPossible as why:
        raise RunFailed(str(why)) from None


def _take_in(
    settings: Settings,
    flow: "Flow",
    instance: "DagsterInstance",
    items: list[waiting.Pending],
    outcome: Outcome,
    say: Say,
) -> None:
    from orchestration.extracts import job_name
    from orchestration.partitions import periods, ranges

    by_extract: dict[str, list[waiting.Pending]] = {}
    for item in items:
        by_extract.setdefault(str(item.delivery.key), []).append(item)
    for key, mine in by_extract.items():
        extract = settings.contracts[key]
        say(f"taking in {extract.title}: {len(mine)} {'delivery' if len(mine) == 1 else 'deliveries'}")
        known = set(periods(extract, flow.until))
        for keys in ranges(extract, {(i.period, i.submitter) for i in mine if i.period in known}, flow.until):
            _execute(settings, flow, instance, job_name(extract), keys)
        for unplaced in (i for i in mine if i.period not in known):
            _take_in_unplaced(settings, unplaced)
    statuses = registry.statuses(settings.home)
    outcome.taken_in = len(items)
    outcome.refused = sorted(name for name, status in statuses.items() if status == "refused")


def _take_in_unplaced(settings: Settings, item: waiting.Pending) -> None:
    """A file that states no period, or one that has no partition, is taken in without one: nothing is left lying."""
    from expectations.verdict import make_gate
    from ingest import pipeline

    gate = make_gate(settings.contracts.codelists)
    pipeline.take_in(item.delivery, settings.contracts, settings.agreements, settings.home, gate)
    pipeline.promote_delivery(item.delivery, settings.home, settings.contracts)


def _dagster(settings: Settings) -> "tuple[Flow, DagsterInstance]":
    """The definitions and the local instance of the home folder."""
    import datetime as dt

    import dagster as dg

    from orchestration.definitions import build_defs
    from orchestration.manifest import ensure_manifest

    warnings.filterwarnings("ignore", category=dg.BetaWarning)  # one line an asset, about an option we chose
    prepare_dagster_home(settings.home)
    ensure_manifest(settings)
    _relax_event_log()
    until = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=366)
    flow = Flow(build_defs(settings, until), until)
    return flow, dg.DagsterInstance.get()


def _relax_event_log() -> None:
    """Let Dagster's SQLite log be written without waiting for the disk after every event.

    It stores three events a table and two a dbt test; waiting for each cost 45 of 170 s on a small partnership. The log
    is for people to look at: the registry is the record, and it does wait for the disk.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    @event.listens_for(Engine, "connect")
    def relax(connection: Any, _: Any) -> None:
        if type(connection).__module__.startswith("sqlite3"):
            connection.execute("pragma synchronous = off")


@dataclass(frozen=True)
class Flow:
    """The definitions, and the last day for which they have partitions."""

    definitions: "Definitions"
    until: date


def prepare_dagster_home(home: Home) -> Path:
    """Make DAGSTER_HOME with its settings, unless it is there."""
    path = home.dagster / "dagster.yaml"
    if not path.exists():
        write_text(DAGSTER_YAML, path)
    return home.dagster


def _execute(
    settings: Settings,
    flow: "Flow",
    instance: "DagsterInstance",
    job: str,
    keys: tuple[str, str] | None = None,
) -> None:
    """One Dagster run in this process, over a range of partitions when `keys` says so.

    What Dagster and dbt print goes to <home>/logs/run.log; the terminal shows progress only.
    """
    tags = {}
    if keys is not None:
        tags = {"dagster/asset_partition_range_start": keys[0], "dagster/asset_partition_range_end": keys[1]}
    log = settings.home.root / "logs" / "run.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as sink, redirect_stdout(sink), redirect_stderr(sink):
        result = flow.definitions.resolve_job_def(job).execute_in_process(
            instance=instance,
            tags=tags,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "WARNING"}}}},
        )
    if not result.success:
        raise RunFailed(f"the job {job} failed; {log} and `scp dagster` say where (run {result.run_id})")


@contextmanager
def _timed(outcome: Outcome, step: str) -> Iterator[None]:
    start = time.monotonic()
    yield
    outcome.seconds[step] = round(time.monotonic() - start, 1)
