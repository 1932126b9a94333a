"""What starts runs: the landing sensor and the nightly schedule.

Lives here: sensors, schedules.
Add here: another wake-up.
Must not live here: the truth about what was done. That is the registry; a lost or repeated wake-up changes nothing.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from orchestration import releases, warehouse
from orchestration.extracts import job_name
from orchestration.partitions import last_day, partition_key, periods
from orchestration.pending import pending
from orchestration.settings import Settings

#: A delivery that cannot be taken in after so many tries waits for a person.
MAX_ATTEMPTS = 3


def automation_defs(settings: Settings, intake_jobs: Sequence[Any]) -> dg.Definitions:
    """A sensor on the landing folder, for every intake job, and schedules that build and publish every night."""

    @dg.sensor(
        name="landing_sensor",
        minimum_interval_seconds=60,
        jobs=intake_jobs,
        description="Starts the intake of every delivery that the registry does not have.",
    )
    def landing_sensor(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest]:
        """Level-triggered, without a cursor: Dagster drops a repeated run key for ever, so the key counts attempts."""
        for item in pending(settings):
            extract = settings.contracts[item.delivery.key or ""]
            if item.period not in periods(extract, last_day()):
                continue
            tags = {"scp/delivery": f"{extract.extract}-{item.delivery.sha256[:16]}"}
            tried = context.instance.get_runs_count(dg.RunsFilter(tags=tags))
            if tried >= MAX_ATTEMPTS:
                continue
            yield dg.RunRequest(
                run_key=f"{tags['scp/delivery']}-{tried + 1}",
                job_name=job_name(extract),
                tags=tags,
                partition_key=partition_key(extract, item.period, item.submitter),
            )

    nightly = [
        dg.ScheduleDefinition(
            name=f"nightly_{job}",
            job_name=job,
            cron_schedule=cron,
            execution_timezone="UTC",
            description="Every night, in UTC so that no change of the clock skips it.",
        )
        for job, cron in ((warehouse.JOB, "0 4 * * *"), (releases.JOB, "30 4 * * *"))
    ]
    return dg.Definitions(sensors=[landing_sensor], schedules=nightly)
