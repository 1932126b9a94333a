"""The warehouse: dbt's models as assets, built into a fresh file, audited, then renamed into place.

Lives here: the dbt assets with lineage from raw, the person map, the audit and the rename.
Add here: another step between the lake and the warehouse file.
Must not live here: SQL; what is published (releases.py).
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, dbt_assets

from ingest.identity import evaluation, linkage
from ingest.lake import Home, write_parquet
from ingest.projections.expected_returns import expected_returns as returns_due
from orchestration.settings import Settings
from orchestration.warehouse_file import fresh_file, publish_warehouse

PERSON_MAP = dg.AssetKey(["raw", "identity", "person_map"])
#: All that ever leaves the identity room.
FROM_IDENTITY = {
    PERSON_MAP: "child_token to person_key.",
    dg.AssetKey(
        ["raw", "identity", "person_event"]
    ): "Merges, splits, restrictions and erasures of keys that were shown.",
    dg.AssetKey(
        ["raw", "identity", "restricted_token"]
    ): "Tokens of children who are left out of every analysis.",
    dg.AssetKey(
        ["raw", "identity", "linkage_quality"]
    ): "Pairs found and missed, where the truth is known. Counts only.",
    dg.AssetKey(["raw", "identity", "linkage_summary"]): "Counts of the last linkage.",
}
EXPECTED_RETURNS = dg.AssetKey(["raw", "pipeline", "expected_returns"])
WAREHOUSE = dg.AssetKey(["published", "warehouse"])
JOB = "build_warehouse"


class Translator(DagsterDbtTranslator):
    """Asset keys in the seven words of the flow: the folder below models/ is the stage."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            schema, name = dbt_resource_props["source_name"], dbt_resource_props["name"]
            return dg.AssetKey(["raw", *schema.split("__"), name])
        stage = "seeds" if dbt_resource_props["resource_type"] == "seed" else dbt_resource_props["fqn"][1]
        return dg.AssetKey([stage, dbt_resource_props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        fqn = dbt_resource_props["fqn"]
        return "reference" if dbt_resource_props["resource_type"] == "seed" else "_".join(fqn[1:-1][:2])


def warehouse_defs(settings: Settings) -> dg.Definitions:
    """Person map, dbt assets and the audited warehouse file, with the job that builds them all."""
    identified = [
        dg.AssetKey(["raw", e.agency, e.extract, t.name])
        for e in settings.contracts.values()
        for t in e.tables
        if t.identity
    ]

    @dg.multi_asset(
        name="identity",
        specs=[
            dg.AssetSpec(key, deps=identified, group_name="identity", kinds={"parquet"}, description=said)
            for key, said in FROM_IDENTITY.items()
        ],
        pool="identity",
    )
    def identity() -> Iterator[dg.MaterializeResult]:
        """Link persons, and hand over what may leave the identity room."""
        summary = linkage.link(settings.home)
        evaluation.write(settings.home)
        for key in FROM_IDENTITY:
            counts = dict(summary.counts()) if key == PERSON_MAP else {}
            yield dg.MaterializeResult(asset_key=key, metadata=counts)

    @dg.asset(
        key=EXPECTED_RETURNS,
        group_name="pipeline",
        kinds={"parquet"},
        description="What every sender owes, and when: contracts, agreements in force and the calendar.",
    )
    def expected_returns() -> dg.MaterializeResult:
        due = returns_due(settings.contracts, settings.agreements)
        write_parquet(due, settings.home.pipeline("expected_returns") / "expected_returns.parquet")
        return dg.MaterializeResult(metadata={"rows": due.num_rows})

    @dbt_assets(
        manifest=settings.manifest,
        dagster_dbt_translator=Translator(),
        name="warehouse_models",
        pool="duckdb_warehouse",
    )
    def warehouse_models(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        """Build every model and run every test in a fresh file that nobody else can see."""
        settings.export()
        building = fresh_file(settings.home, keep_current=context.is_subset)
        yield from dbt.cli(
            [
                "build",
                "--exclude-resource-type",
                "unit_test",
                "--log-level-file",
                "none",
                "--target-path",
                str(target(settings.home)),
            ],
            context=context,
        ).stream()
        context.log.info("built %s", building.name)

    @dg.asset(
        key=WAREHOUSE,
        deps=[warehouse_models],
        group_name="published",
        kinds={"duckdb"},
        pool="duckdb_warehouse",
        description="The warehouse file: read whole by a second process, then renamed into place.",
    )
    def warehouse() -> dg.MaterializeResult:
        name, tables = publish_warehouse(settings)
        return dg.MaterializeResult(metadata={"file": name, "tables": tables})

    job = dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.assets(
            *FROM_IDENTITY, EXPECTED_RETURNS, WAREHOUSE, *warehouse_models.keys
        ),
        description="Link persons, build every model, audit the file and put it in place.",
        executor_def=dg.in_process_executor,
    )
    return dg.Definitions(
        assets=[identity, expected_returns, warehouse_models, warehouse],
        jobs=[job],
        resources={
            "dbt": DbtCliResource(
                project_dir=str(settings.project_dir),
                profiles_dir=str(settings.project_dir),
                dbt_executable=_dbt(),
            )
        },
    )


def _dbt() -> str:
    """Our dbt beside the interpreter, which starts from the saved parse: it need not be on PATH."""
    return str(Path(sys.executable).with_name("scp-dbt"))


def target(home: Home) -> Path:
    """dbt's working folder. It holds SQL and counts, never rows (store_failures is off), and stays in the home."""
    return home.root / "dbt"
