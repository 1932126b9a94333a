"""Who may import whom: orchestration -> publish, expectations -> ingest. Arrows never turn back."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("ingest", "expectations", "publish", "orchestration")
ALLOWED = {
    "ingest": {"ingest"},
    "expectations": {"expectations", "ingest"},
    "publish": {"publish", "ingest"},
    "orchestration": {"orchestration", "publish", "expectations", "ingest"},
}
#: Libraries that belong to one layer. Elsewhere they would tie the stages to a tool.
OWNED = {
    "dagster": {"orchestration"}, "dagster_dbt": {"orchestration"}, "dbt": {"orchestration"},
    "great_expectations": {"expectations"}, "typer": {"orchestration"}, "rich": {"orchestration"},
}  # fmt: skip
#: The identity store is opened by these modules only; only pseudonyms and counts come out of them.
IDENTITY_READERS = {"ingest/pipeline.py", "ingest/registry.py", "ingest/privacy.py"}


def modules() -> list[Path]:
    return sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Every module that a file imports, also inside functions."""
    out: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            out |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            out |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.ImportFrom):
            out |= {f"{path.relative_to(ROOT).parts[0]}.relative"}
    return out


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_follow_the_arrows(path: Path) -> None:
    place = path.relative_to(ROOT)
    layer = place.parts[0]
    for name in imported(path):
        top = name.split(".")[0]
        assert top not in PACKAGES or top in ALLOWED[layer], f"{place} imports {name}"
        assert layer in OWNED.get(top, {layer}), f"{place} imports {name}"


def test_the_identity_store_has_few_readers() -> None:
    readers = {
        str(p.relative_to(ROOT))
        for p in modules()
        if any(n.startswith("ingest.identity.store") for n in imported(p))
        and "identity" not in p.relative_to(ROOT).parts
    }
    assert readers <= IDENTITY_READERS


def test_no_module_reads_a_key_from_the_environment() -> None:
    for path in (ROOT / "ingest").rglob("*.py"):
        if path.parent.name == "identity" or path.name in ("pipeline.py", "privacy.py"):
            source = path.read_text(encoding="utf-8")
            assert "os.environ" not in source and "getenv" not in source, path.name
