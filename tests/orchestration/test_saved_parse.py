"""A saved parse is used where it fits and is whole; otherwise dbt parses, and no home reads another's lake."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration import manifest


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a saved parse and its stamp."""
    target = tmp_path / "target"
    target.mkdir()
    (tmp_path / "dbt_project.yml").write_text("name: x\n")
    (target / "manifest.json").write_text("{}")
    (target / manifest.SAVED_PARSE).write_bytes(b"\x85\xa5nodes")
    (target / manifest.STAMP).write_text(
        manifest._stamp(manifest.fingerprint(tmp_path), target / manifest.SAVED_PARSE)
    )
    return tmp_path


@pytest.mark.parametrize("content", [b"", b"\x85\xa5node", b"\xc1 not msgpack", b"\x80"])
def test_a_saved_parse_that_is_not_whole_is_not_used(project: Path, content: bytes) -> None:
    (project / "target" / manifest.SAVED_PARSE).write_bytes(content)
    assert manifest.saved_manifest(project, "/somewhere/lake") is None


def test_a_saved_parse_of_other_files_is_not_used(project: Path) -> None:
    assert manifest._is_fresh(project)
    (project / "model.sql").write_text("select 1")
    assert not manifest._is_fresh(project)


def test_every_mention_of_the_stand_in_becomes_the_lake() -> None:
    at = f"read_parquet('{manifest.LAKE_OF_NO_HOME}/raw/x')"
    moved = manifest._moved({"a": [at, {"b": (at, 1, None)}]}, "/my/lake")
    assert manifest.LAKE_OF_NO_HOME not in repr(moved) and repr(moved).count("/my/lake") == 2
