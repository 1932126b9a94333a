"""The dbt project, compiled once on an empty lake for all tests of this folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.lake_fixture import dbt, empty_lake


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    work = tmp_path_factory.mktemp("dbt_compile")
    run = dbt(empty_lake(work / "home"), work, "compile")
    assert run.returncode == 0, run.output[-4000:]
    return json.loads((run.target / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def models(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every enabled model by name."""
    return {n["name"]: n for n in manifest["nodes"].values() if n["resource_type"] == "model"}


@pytest.fixture(scope="session")
def project() -> Path:
    from tests.support.lake_fixture import PROJECT

    return PROJECT
