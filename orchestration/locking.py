"""One run at a time, and nothing left over from a run that was killed.

Lives here: the single-writer lock of a home folder and the clearing of Dagster runs whose process is gone.
Add here: another thing that a killed run can leave behind.
Must not live here: repairing data; ingest.registry does that from what is on disk.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from ingest.lake import Home


class Busy(RuntimeError):
    """Another run holds the home folder."""


@contextmanager
def single_writer(home: Home) -> Iterator[None]:
    """Hold the home folder's lock. Raises Busy at once when another process has it; the kernel frees it on a kill."""
    home.root.mkdir(parents=True, exist_ok=True)
    with (home.root / ".lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy("another run is working in this home folder; wait for it or stop it") from error
        handle.write(str(os.getpid()))
        handle.flush()
        yield


def clear_stale_runs(instance: dg.DagsterInstance) -> int:
    """Mark runs as failed that say they are going while we hold the lock: nobody runs them. Returns how many.

    Dagster's default launcher has no health check, so a killed run would stay STARTED for ever.
    """
    going = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.CANCELING]
    stale = instance.get_runs(filters=dg.RunsFilter(statuses=going))
    for run in stale:
        instance.report_run_failed(run, message="The process of this run is gone (killed or switched off).")
    _free_pools(instance)
    return len(stale)


def _free_pools(instance: dg.DagsterInstance) -> None:
    """Give back the places in pools that killed runs still hold: the next step would wait for them for ever."""
    log = instance.event_log_storage
    for pool in log.get_concurrency_keys():
        info = log.get_concurrency_info(pool)
        holders = {slot.run_id for slot in info.claimed_slots} | {step.run_id for step in info.pending_steps}
        for run_id in holders:
            log.free_concurrency_slots_for_run(run_id)
