"""Fetching on a schedule: a job that pulls from every declared source, before the landing sensor looks.

Lives here: the job, its schedule, and what of an outcome Dagster may show (counts and codes).
Add here: another wake-up of the same job.
Must not live here: fetching (ingest.transport); taking in, which starts by itself when something new lies in landing.
"""

import dagster as dg

from ingest import transport
from ingest.transport import Outcome
from orchestration.settings import Settings

JOB = "pull_sources"
#: Before the nightly build at 04:00 UTC, and often enough that a sender gets its receipt the same morning.
CRON = "15 * * * *"


def pull_all(settings: Settings, only: str | None = None) -> list[Outcome]:
    """Fetch from every source of the transport file. Raises TransportError when the file cannot be used at all."""
    declared = transport.load(settings.transport, settings.contracts)
    return transport.pull(declared, settings.contracts, settings.home, settings.landing, only)


def pull_defs(settings: Settings) -> dg.Definitions:
    """The job and its schedule. The schedule is off until somebody switches it on: a home without sources needs none."""

    @dg.op(
        name="pull", description="Fetches new deliveries into landing. One bad source does not stop another."
    )
    def pull_op(context: dg.OpExecutionContext) -> None:
        outcomes = pull_all(settings)
        for outcome in outcomes:
            for line in outcome.says():
                context.log.info(f"{outcome.source}: {line}")
        context.add_output_metadata(
            {o.source: {"taken": o.taken, "already": o.already, "waiting": o.waiting} for o in outcomes}
        )
        bad = sorted(o.source for o in outcomes if o.failed)
        if bad:
            raise dg.Failure(
                description=f"These sources need attention: {', '.join(bad)}. What the others had was fetched.",
                allow_retries=False,
            )

    @dg.job(
        name=JOB, description="Fetch new deliveries from where partners leave them into the landing folder."
    )
    def pull_job() -> None:
        pull_op()

    schedule = dg.ScheduleDefinition(
        name="hourly_pull",
        job=pull_job,
        cron_schedule=CRON,
        execution_timezone="UTC",
        description="Every hour, in UTC; off until it is switched on.",
    )
    return dg.Definitions(jobs=[pull_job], schedules=[schedule])
