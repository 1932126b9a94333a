"""The transport file: strict, per source, and never repeating what stands in it. Secrets: files that only we may read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ingest.transport import load
from ingest.transport.codes import CATALOGUE, Code, PullError
from ingest.transport.config import FolderSource, TransportError, one_line, secret
from orchestration.settings import Settings
from tests.support.files import CONTRACTS

SFTP: dict[str, Any] = {
    "name": "one", "kind": "sftp", "extract": "partnership/training_attendance", "submitter": "partnership_office",
    "host": "sftp.example.org", "user": "scp", "secret_file": "key", "known_hosts": "known_hosts", "path": "/out",
    "complete": "rename",
}  # fmt: skip
QUERY = 'select 1 as "BookingID" from b where d between :period_start and :period_end order by 1'
POSTGRES: dict[str, Any] = {
    "name": "two", "kind": "postgresql", "extract": "partnership/training_attendance",
    "submitter": "partnership_office", "host": "db.example.org", "database": "lms", "user": "scp",
    "secret_file": "password", "queries": {"bookings": QUERY},
}  # fmt: skip


def why(folder: Path, entry: dict[str, Any]) -> str:
    path = folder / "transport.yml"
    path.write_text(yaml.safe_dump({"sources": [entry]}))
    found = load(path, CONTRACTS)
    return "; ".join(found.bad[0].why) if found.bad else ""


@pytest.mark.parametrize("entry", [SFTP, POSTGRES], ids=["sftp", "postgresql"])
def test_a_correct_declaration(tmp_path: Path, entry: dict[str, Any]) -> None:
    assert why(tmp_path, entry) == ""
    (source,) = load(tmp_path / "transport.yml", CONTRACTS).sources
    assert not isinstance(source, FolderSource)
    assert source.secret_file.parent == tmp_path  # beside the transport file, whatever the working folder


@pytest.mark.parametrize(
    ("entry", "change", "words"),
    [
        (SFTP, {"known_hosts": None}, "known_hosts"),
        (SFTP, {"host": "x;rm -rf"}, "host"),
        (SFTP, {"user": "a b"}, "user"),
        (SFTP, {"complete": "size-stable"}, "complete"),
        (SFTP, {"password": "hunter2"}, "password"),
        (SFTP, {"submitter": "dfe"}, "submitter"),
        (SFTP, {"extract": "police/nothing"}, "extract"),
        (SFTP, {"kind": "ftp"}, "kind"),
        (SFTP, {"port": 0}, "port"),
        (POSTGRES, {"tls": "none"}, "this machine itself"),
        (POSTGRES, {"queries": {"bookings": "select 1 order by 1"}}, "period_start"),
        (POSTGRES, {"queries": {"bookings": QUERY.split(" order")[0]}}, "order by"),
        (POSTGRES, {"queries": {"other": QUERY}}, "a table that the extract does not have"),
        (POSTGRES, {"queries": {}}, "a table of the extract is missing"),
        (POSTGRES, {"extract": "council/cin_census", "submitter": "staffordshire"}, "not CSV"),
        (POSTGRES, {"database": "x host=evil"}, "database"),
    ],
)
def test_a_wrong_declaration_says_where_and_never_what(
    tmp_path: Path, entry: dict[str, Any], change: dict[str, Any], words: str
) -> None:
    changed = {k: v for k, v in {**entry, **change}.items() if v is not None}
    said = why(tmp_path, changed)
    assert words in said
    for value in change.values():
        assert not isinstance(value, str) or len(value) < 5 or value not in said


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "s3", "bucket": "b", "key_id": "k", "endpoint": "http://s3.example.org"},
        {"kind": "azure", "account": "a", "container": "c", "endpoint": "http://blob.example.org"},
        {"kind": "s3", "bucket": "b", "key_id": "k", "endpoint": "https://user:pass@s3.example.org"},
    ],
)
def test_an_endpoint_is_https_without_a_login(tmp_path: Path, change: dict[str, Any]) -> None:
    entry = {k: v for k, v in SFTP.items() if k not in ("host", "user", "known_hosts")} | change
    assert "endpoint" in why(tmp_path, entry)


def test_a_set_in_an_object_store_needs_a_manifest(tmp_path: Path) -> None:
    entry = {
        "name": "s", "kind": "s3", "bucket": "b", "key_id": "k", "secret_file": "s", "complete": "rename",
        "extract": "published/dfe_child_protection", "submitter": "dfe",
    }  # fmt: skip
    assert "manifest" in why(tmp_path, entry)
    assert why(tmp_path, {**entry, "complete": "manifest"}) == ""


@pytest.mark.parametrize("text", ["sources: [", "a: 1", "- 1", "sources: 1", "sources: []\nmore: 1", "\x00"])
def test_a_file_that_is_not_one(tmp_path: Path, text: str) -> None:
    (tmp_path / "transport.yml").write_text(text)
    with pytest.raises(TransportError):
        load(tmp_path / "transport.yml", CONTRACTS)
    with pytest.raises(TransportError, match=r"docs/transport\.md"):
        load(tmp_path / "missing.yml", CONTRACTS)


def test_a_name_is_used_once(tmp_path: Path) -> None:
    path = tmp_path / "transport.yml"
    path.write_text(yaml.safe_dump({"sources": [SFTP, SFTP]}))
    found = load(path, CONTRACTS)
    assert len(found.sources) == 1 and found.bad[0].why == ("its name is used twice",)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o601])
def test_a_secret_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "secret"
    path.write_text("hunter2")
    path.chmod(mode)
    with pytest.raises(PullError) as refused:
        secret(path)
    assert refused.value.code is Code.SECRET_OPEN and "hunter2" not in str(refused.value)
    path.chmod(0o600)
    assert secret(path) == "hunter2"
    path.chmod(0o400)
    assert one_line(path) == "hunter2"


def test_a_secret_is_a_plain_file_with_one_line(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    for make in (lambda: None, path.mkdir):
        make()
        with pytest.raises(PullError) as refused:
            secret(path)
        assert refused.value.code is Code.SECRET_MISSING
    path.rmdir()
    real = tmp_path / "real"
    for text in (b"", b"\n", b"a\nb", b"\xff\xfe", b"a\0b", b"x" * 70_000):
        real.write_bytes(text)
        real.chmod(0o600)
        with pytest.raises(PullError) as refused:
            one_line(real)
        assert refused.value.code is Code.SECRET_FORM
    path.symlink_to(real)
    with pytest.raises(PullError) as refused:
        secret(path)
    assert refused.value.code is Code.SECRET_MISSING


def test_every_code_has_a_sentence() -> None:
    assert set(CATALOGUE) == set(Code)
    assert all(text.endswith(".") for pair in CATALOGUE.values() for text in pair)


def test_the_documented_example_is_correct() -> None:
    """Whoever copies docs/transport.example.yml starts from something that loads."""
    example = Path(__file__).resolve().parents[2] / "docs" / "transport.example.yml"
    found = load(example, Settings.from_environment().contracts)
    assert found.bad == ()
    assert {s.kind for s in found.sources} == {"folder", "sftp", "s3", "azure", "postgresql"}
