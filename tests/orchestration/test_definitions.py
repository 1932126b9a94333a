"""The graph: what Dagster shows is what the contracts and the dbt project say, no more and no less."""

import datetime as dt
import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from ingest.lake import Home
from orchestration.definitions import build_defs
from orchestration.manifest import ensure_manifest
from orchestration.partitions import partition_key, periods, ranges, split_key
from orchestration.settings import Settings

UNTIL = dt.date(2026, 12, 31)
SNAPSHOT = Path(__file__).parent / "asset_keys.txt"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    made = Settings(home=Home(tmp_path_factory.mktemp("home")))
    made.export()
    ensure_manifest(made)
    return made


@pytest.fixture(scope="module")
def graph(settings: Settings) -> "Any":
    return build_defs(settings, UNTIL).resolve_asset_graph()


def test_asset_keys_are_the_reviewed_ones(graph: "Any") -> None:
    """A new or renamed asset is a reviewable line: on purpose, write the file again with what the failure shows."""
    found = sorted(key.to_user_string() for key in graph.get_all_asset_keys())
    assert found == SNAPSHOT.read_text().split()


def test_every_contract_table_has_raw_and_every_extract_landing_and_validated(graph, settings) -> None:
    keys = graph.get_all_asset_keys()
    for extract in settings.contracts.values():
        assert dg.AssetKey(["landing", extract.agency, extract.extract]) in keys
        assert dg.AssetKey(["validated", extract.agency, extract.extract]) in keys
        for table in extract.tables:
            assert dg.AssetKey(["raw", extract.agency, extract.extract, table.name]) in keys


def test_lineage_runs_from_a_landed_file_to_the_release(graph) -> None:
    start = dg.AssetKey(["landing", "police", "missing_episodes"])
    reached, frontier = {start}, [start]
    while frontier:
        children = graph.get(frontier.pop()).child_keys - reached
        reached |= children
        frontier.extend(children)
    assert dg.AssetKey(["published", "release"]) in reached
    assert any(key.path[0] == "framework" for key in reached)


def test_every_dbt_test_is_an_asset_check(graph, settings) -> None:
    manifest = json.loads(settings.manifest.read_text())
    # A test of a macro's arithmetic reads no model, so there is no asset to show it on; the build still stops on it.
    tests = {
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and node["config"]["enabled"] and node["depends_on"]["nodes"]
    }
    checks = {key.name for key in graph.asset_check_keys}
    assert tests <= checks, f"dbt tests that Dagster does not show: {sorted(tests - checks)[:10]}"


def test_raw_assets_have_owners_partitions_and_freshness(graph, settings) -> None:
    for extract in settings.contracts.values():
        node = graph.get(dg.AssetKey(["raw", extract.agency, extract.extract, extract.tables[0].name]))
        assert node.partitions_def is not None
        assert node.owners
        assert node.freshness_policy is not None


def test_a_range_of_partitions_is_one_run(settings) -> None:
    police = settings.contracts["police/missing_episodes"]
    wanted = {(p, "staffordshire_police") for p in ("2025-01", "2025-02", "2025-03", "2025-05")}
    assert ranges(police, wanted, UNTIL) == [("2025-01", "2025-03"), ("2025-05", "2025-05")]


def test_partition_keys_go_there_and_back(settings) -> None:
    for extract in settings.contracts.values():
        period = periods(extract, UNTIL)[0]
        for submitter in extract.submitters:
            assert split_key(extract, partition_key(extract, period, submitter)) == (period, submitter)


def test_loading_the_graph_costs_at_most_twice_what_importing_dagster_costs(settings) -> None:
    """Some five seconds beside its five on a quiet core: a ratio in one run, because a busy or slow machine must not decide."""
    libraries = _processor_seconds("import dagster, dagster_dbt, pandas, pyarrow.dataset")
    loaded = _processor_seconds(
        "from orchestration.definitions import defs; d = defs(); print(len(d.resolve_all_asset_specs()))"
    )
    assert loaded - libraries < 2 * libraries


def _processor_seconds(code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stderr[-2000:]
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
