"""The whole graph, assembled in the order of the flow: this file is the map.

Lives here: `build_defs`, which makes any small or large world from settings, and the one that Dagster loads.
Add here: one line for a new module of this package. A new extract adds nothing: it is data.
Must not live here: input or output while importing, beyond parsing dbt's manifest when its files changed.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import dagster as dg

from orchestration.automation import automation_defs
from orchestration.extracts import extract_defs
from orchestration.manifest import ensure_manifest
from orchestration.pulling import pull_defs
from orchestration.releases import release_defs
from orchestration.settings import Settings
from orchestration.warehouse import warehouse_defs


def build_defs(settings: Settings, until: dt.date | None = None) -> dg.Definitions:
    """Definitions for any world: landing -> validated -> raw -> dbt -> published, then what starts runs.

    `until` is the last day for which there are partitions (default: a year from today).
    """
    last = until or (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=366))
    extracts = [extract_defs(extract, settings, last) for extract in settings.contracts.values()]
    intake_jobs: Sequence[Any] = [job for defs in extracts for job in defs.jobs or ()]
    return dg.Definitions.merge(
        *extracts,
        warehouse_defs(settings),
        release_defs(settings),
        pull_defs(settings),
        automation_defs(settings, intake_jobs),
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What Dagster loads: the world of the environment."""
    settings = Settings.from_environment()
    settings.export()
    ensure_manifest(settings)
    return build_defs(settings)
