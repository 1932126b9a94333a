"""A home, a place that partners upload to, and small complete files of a contract."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingest import landing, readers
from ingest.lake import Home
from ingest.transport import Outcome, load, pull
from tests.support.files import CONTRACTS, TRAINING, training
from tests.support.sftp_server import SftpServer, new_key, sftp_server

BASE = {"extract": TRAINING, "submitter": "partnership_office"}


@dataclass
class Place:
    """A home with a transport file, made of `sources`."""

    home: Home

    def declare(self, *sources: Mapping[str, Any]) -> None:
        self.home.root.mkdir(exist_ok=True)
        (self.home.root / "transport.yml").write_text(
            yaml.safe_dump({"sources": [dict(s) for s in sources]}), encoding="utf-8"
        )

    def pull(self, **more: Any) -> list[Outcome]:
        return pull(load(self.home.root / "transport.yml", CONTRACTS), CONTRACTS, self.home, **more)

    def one(self, **more: Any) -> Outcome:
        (outcome,) = self.pull(**more)
        return outcome

    def secret(self, text: str | bytes, name: str = "secret", mode: int = 0o600) -> Path:
        self.home.root.mkdir(exist_ok=True)
        path = self.home.root / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        path.chmod(mode)
        return path

    def landed(self) -> dict[str, bytes]:
        """Every file in landing, hidden ones too, by its path without the delivery's id."""
        root = self.home.landing
        return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}

    def rows(self) -> int:
        """How many rows the readers find in what landing recognises."""
        found = landing.discover(self.home.landing, CONTRACTS)
        assert all(d.key == TRAINING and d.refusal is None for d in found)
        return sum(
            readers.read(d, CONTRACTS[TRAINING], CONTRACTS).tables["bookings"].data.num_rows for d in found
        )


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(Home(tmp_path / "home"))


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    folder = tmp_path / "upload"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def client_key() -> Any:
    return new_key()


@pytest.fixture
def sftp(upload: Path, client_key: Any) -> Iterator[SftpServer]:
    with sftp_server(upload, client_key) as server:
        yield server


@pytest.fixture
def sftp_source(place: Place, sftp: SftpServer, client_key: Any) -> Callable[..., dict[str, Any]]:
    """The declaration of the SFTP server, correct unless something is replaced."""

    def make(**more: Any) -> dict[str, Any]:
        key = place.secret(client_key.export_private_key(), "client_key")
        return {
            **BASE,
            "name": "office_sftp",
            "kind": "sftp",
            "host": "127.0.0.1",
            "port": sftp.port,
            "user": "partner",
            "secret_file": str(key),
            "known_hosts": str(sftp.known_hosts(place.home.root / "known_hosts")),
            "path": "/",
            "complete": "rename",
            "timeout_seconds": 10,
            **more,
        }

    return make


def folder_source(folder: Path, **more: Any) -> dict[str, Any]:
    return {
        **BASE,
        "name": "office_folder",
        "kind": "folder",
        "path": str(folder),
        "complete": "rename",
        **more,
    }


def manifest(files: Mapping[str, bytes], **more: Any) -> bytes:
    entries = {n: {"sha256": hashlib.sha256(b).hexdigest(), "bytes": len(b)} for n, b in files.items()}
    return json.dumps({"period": "2025-26-Q1", "files": entries, **more}).encode()


BOOKINGS = training(3).encode()
