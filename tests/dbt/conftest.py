"""The whole dbt project, built once on an empty lake for all tests of this folder that read what dbt made of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.lake_fixture import DbtRun, dbt, empty_lake


@pytest.fixture(scope="session")
def empty_build(tmp_path_factory: pytest.TempPathFactory) -> DbtRun:
    """Every model and every test of the project, unit tests too. Whether it went well is for test_warehouse_build to say."""
    work = tmp_path_factory.mktemp("empty_lake")
    return dbt(empty_lake(work / "home"), work, "build")


@pytest.fixture(scope="session")
def manifest(empty_build: DbtRun) -> dict[str, Any]:
    """dbt's manifest with the compiled SQL of every model and test."""
    path = empty_build.target / "manifest.json"
    assert path.exists(), empty_build.output[-4000:]
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def models(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every enabled model by name."""
    return {n["name"]: n for n in manifest["nodes"].values() if n["resource_type"] == "model"}


@pytest.fixture(scope="session")
def project() -> Path:
    from tests.support.lake_fixture import PROJECT

    return PROJECT
