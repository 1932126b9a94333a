"""A new extract is one contract and one staging model: in a copy of the tree it appears everywhere, nothing else changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.world import REPOSITORY, scp

pytestmark = pytest.mark.minutes(1.5)

KEY = "police/test_extract"

LOOK = """
import json, tempfile
from pathlib import Path
from ingest.contract import load_contracts
from ingest.projections import dictionary, synthetic, template
from ingest.lake import Home
from orchestration.definitions import build_defs
from orchestration.manifest import ensure_manifest
from orchestration.settings import Settings

contracts = load_contracts()
extract = contracts["police/test_extract"]
settings = Settings(home=Home(Path(tempfile.mkdtemp())))
settings.export()
ensure_manifest(settings)
graph = build_defs(settings).resolve_asset_graph()
print(json.dumps({
    "assets": sorted(k.to_user_string() for k in graph.get_all_asset_keys() if "test_extract" in k.to_user_string()),
    "checks": sorted(k.to_user_string() for k in graph.asset_check_keys if "test_extract" in k.to_user_string()),
    "dictionary": sum(r["extract"] == "test_extract" for r in dictionary.dictionary_rows(contracts)),
    "synthetic": len(synthetic.valid_rows(extract, "records", 7, 1)),
}))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tracked tree with the new extract in it."""
    target = tmp_path_factory.mktemp("tree")
    files = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                           cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout  # fmt: skip
    for name in filter(None, files.split("\0")):
        if (REPOSITORY / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, target / name)
    return target


def test_one_contract_and_one_staging_model_are_enough(copy: Path) -> None:
    home = copy / "data"
    before = {p for p in copy.rglob("*") if p.is_file()}
    scp(home, "contracts", "new", KEY, cwd=copy)
    written = {p.name for p in copy.rglob("*") if p.is_file() and "__pycache__" not in p.parts} - {
        p.name for p in before
    }
    assert written == {"test_extract.yml", "stg_police__test_extract__records.sql"}
    scp(home, "contracts", "generate", cwd=copy)
    assert "up to date" in scp(home, "contracts", "check", cwd=copy).stdout

    done = subprocess.run([sys.executable, "-c", LOOK], cwd=copy, capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(copy)})  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["assets"] == [
        "landing/police/test_extract", "raw/police/test_extract/records",
        "staging/stg_police__test_extract__records", "validated/police/test_extract",
    ]  # fmt: skip
    assert any("nothing_lost" in c for c in seen["checks"])
    assert seen["dictionary"] == 2
    assert seen["synthetic"] == 7
    generated = {str(p.relative_to(copy)) for p in (copy / "docs" / "generated").rglob("*test_extract*")}
    assert any("template" in g for g in generated) and any("specification" in g for g in generated)
    assert (copy / "dbt_project/models/sources/generated/police__test_extract.yml").exists()
