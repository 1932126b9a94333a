"""Key files: made once, closed to others, never exchanged unnoticed."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pytest

from ingest.identity.keys import PSEUDONYM, STORE, KeyProblem, load_key
from ingest.identity.store import SCHEMA, IdentityStore


def people(**values: str) -> pa.Table:
    return pa.Table.from_pylist([{f.name: values.get(f.name) for f in SCHEMA}], schema=SCHEMA)


def test_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "identity"
    first = load_key(folder, PSEUDONYM)
    assert load_key(folder, PSEUDONYM) == first
    assert len(first.material) == 32
    assert stat.S_IMODE((folder / "pseudonym-v1.key").stat().st_mode) == 0o400
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert load_key(folder, STORE).material != first.material


def test_key_does_not_show_itself(tmp_path: Path) -> None:
    key = load_key(tmp_path, PSEUDONYM)
    assert key.material.hex() not in repr(key) and repr(key.material) not in repr(key)


def test_a_key_placed_beforehand_is_used(tmp_path: Path) -> None:
    path = tmp_path / "pseudonym-v1.key"
    path.write_bytes(b"x" * 32)
    path.chmod(0o400)
    assert load_key(tmp_path, PSEUDONYM).material == b"x" * 32


def test_processes_starting_together_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: load_key(tmp_path / "identity", PSEUDONYM).material, range(16)))
    assert len(keys) == 1


@pytest.mark.parametrize("mode", [0o440, 0o404, 0o644])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    load_key(tmp_path, PSEUDONYM)
    (tmp_path / "pseudonym-v1.key").chmod(mode)
    with pytest.raises(KeyProblem, match="can be read by others"):
        load_key(tmp_path, PSEUDONYM)


def test_a_lost_key_is_not_replaced(tmp_path: Path) -> None:
    load_key(tmp_path, PSEUDONYM)
    (tmp_path / "pseudonym-v1.key").unlink()
    with pytest.raises(KeyProblem, match="missing"):
        load_key(tmp_path, PSEUDONYM)


def test_an_exchanged_key_is_noticed(tmp_path: Path) -> None:
    load_key(tmp_path, PSEUDONYM)
    path = tmp_path / "pseudonym-v1.key"
    path.unlink()
    path.write_bytes(b"y" * 32)
    path.chmod(0o400)
    with pytest.raises(KeyProblem, match="not the key"):
        load_key(tmp_path, PSEUDONYM)


def test_a_truncated_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store-v1.key"
    path.write_bytes(b"short")
    path.chmod(0o400)
    with pytest.raises(KeyProblem, match="32 bytes"):
        load_key(tmp_path, STORE)


def test_store_keeps_identifiers_encrypted_and_gives_them_back(tmp_path: Path) -> None:
    store = IdentityStore(tmp_path / "identity")
    store.stage("a" * 16, people(child_token="c1_x", surname="ZEBRAMARKER"))
    assert store.ids() == set()
    store.promote("a" * 16)
    store.promote("a" * 16)
    assert store.read(["a" * 16, "b" * 16])["surname"].to_pylist() == ["ZEBRAMARKER"]
    path = tmp_path / "identity" / "identifiers" / f"{'a' * 16}.parquet"
    content = path.read_bytes()
    assert b"ZEBRAMARKER" not in content and b"surname" not in content
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_store_files_cannot_be_exchanged_or_read_with_another_key(tmp_path: Path) -> None:
    store = IdentityStore(tmp_path / "identity")
    store.stage("a" * 16, people(surname="X"))
    store.promote("a" * 16)
    folder = tmp_path / "identity" / "identifiers"
    (folder / f"{'b' * 16}.parquet").write_bytes((folder / f"{'a' * 16}.parquet").read_bytes())
    with pytest.raises(OSError):
        store.read(["b" * 16])
    other = IdentityStore(tmp_path / "other")
    other.stage("a" * 16, people(surname="Y"))
    other.promote("a" * 16)
    (tmp_path / "other" / "identifiers" / f"{'a' * 16}.parquet").write_bytes(
        (folder / f"{'a' * 16}.parquet").read_bytes()
    )
    with pytest.raises(OSError):
        other.read(["a" * 16])


def test_what_was_staged_and_not_promoted_can_be_cleared(tmp_path: Path) -> None:
    store = IdentityStore(tmp_path / "identity")
    store.stage("a" * 16, people(surname="X"))
    assert store.clear_staged() == 1
    store.promote("a" * 16)
    assert store.ids() == set()
