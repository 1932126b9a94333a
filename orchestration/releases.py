"""Releases: one folder with everything that may leave, made from one closed warehouse file.

Lives here: the release asset and its job.
Add here: another thing to do when a release is in force.
Must not live here: disclosure control, pages, exports (publish).
"""

import dagster as dg

from ingest.lake import write_text
from orchestration.settings import Settings
from orchestration.warehouse import WAREHOUSE
from orchestration.warehouse_file import current, release_inputs
from publish.release import publish

RELEASE = dg.AssetKey(["published", "release"])
JOB = "publish_release"


def release_defs(settings: Settings) -> dg.Definitions:
    """The release asset and its job."""

    @dg.asset(
        key=RELEASE,
        deps=[WAREHOUSE],
        group_name="published",
        kinds={"html", "parquet"},
        description="Report site, board tables, analysts' files, receipts and the record of the rules applied.",
    )
    def release() -> dg.MaterializeResult:
        warehouse = current(settings.home)
        if warehouse is None:
            raise dg.Failure("there is no warehouse yet; run the job build_warehouse first")
        made = publish(warehouse, settings.home, settings.contracts)
        write_text(release_inputs(settings), settings.home.releases / "made_from")
        return dg.MaterializeResult(
            metadata={"release": made.id, "report": dg.MetadataValue.path(str(made.report))}
        )

    job = dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.assets(RELEASE),
        description="Publish the warehouse in force.",
        executor_def=dg.in_process_executor,
    )
    return dg.Definitions(assets=[release], jobs=[job])
