"""The Dagster job: fetches what `scp pull` fetches, shows counts and codes, and fails when a source needs a person."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from orchestration.pulling import JOB, pull_defs
from orchestration.settings import Settings
from tests.transport.conftest import BOOKINGS, Place, folder_source


def run(place: Place) -> dg.ExecuteInProcessResult:
    job = pull_defs(Settings(home=place.home)).resolve_job_def(JOB)
    return job.execute_in_process(raise_on_error=False, instance=dg.DagsterInstance.ephemeral())


def test_the_job_fetches(place: Place, upload: Path) -> None:
    (upload / "training.csv").write_bytes(BOOKINGS)
    place.declare(folder_source(upload))
    result = run(place)
    assert result.success and place.rows() == 3


def test_the_job_fails_after_the_others_were_fetched(place: Place, upload: Path, tmp_path: Path) -> None:
    (upload / "training.csv").write_bytes(BOOKINGS)
    place.declare(folder_source(tmp_path / "nowhere", name="gone"), folder_source(upload))
    result = run(place)
    assert not result.success and place.rows() == 3
    (failure,) = [e for e in result.all_events if e.is_step_failure]
    assert "gone" in str(failure.event_specific_data) and "nowhere" not in str(failure.event_specific_data)


def test_the_schedule_is_off_until_it_is_switched_on(place: Place) -> None:
    (schedule,) = pull_defs(Settings(home=place.home)).schedules or ()
    assert isinstance(schedule, dg.ScheduleDefinition)
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
