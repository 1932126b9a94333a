"""A real SFTP server on loopback: host keys, logins, uploads under way, a kill half-way, a big file."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingest.transport.codes import Code
from tests.support.files import training
from tests.support.sftp_server import PASSWORD, SftpServer, new_key, sftp_server
from tests.transport.conftest import BOOKINGS, Place, manifest

ROOT = Path(__file__).resolve().parents[2]
Make = Callable[..., dict[str, Any]]


def test_a_key_login_and_the_right_host_key(place: Place, sftp: SftpServer, sftp_source: Make) -> None:
    (sftp.root / "2025-26-Q1").mkdir()
    (sftp.root / "2025-26-Q1" / "training.csv").write_bytes(BOOKINGS)
    (sftp.root / "training.csv.filepart").write_bytes(BOOKINGS[:100])
    place.declare(sftp_source())
    found = place.one()
    assert (found.taken, found.waiting, found.problems) == (1, 1, {})
    assert place.rows() == 3
    (sftp.root / "training.csv.filepart").rename(sftp.root / "training.csv")
    (sftp.root / "training.csv").write_bytes(training(5).encode())
    assert place.one().taken == 1
    assert place.one().already == 2
    assert sftp.commands == [] and set(sftp.logins) == {"key"}  # nothing is changed at the source
    assert len(place.landed()) == 2


def test_a_password_login(place: Place, sftp: SftpServer, sftp_source: Make) -> None:
    (sftp.root / "training.csv").write_bytes(BOOKINGS)
    password = place.secret(PASSWORD + "\n", "password")
    place.declare(sftp_source(login="password", secret_file=str(password)))
    assert place.one().taken == 1
    place.secret("another", "password")
    found = place.one()
    assert found.problems == {Code.LOGIN: 1}
    assert not any("another" in line or "partner" in line for line in found.says())


@pytest.mark.parametrize("known", ["wrong", "unknown", "empty", "missing", "hashed_other"])
def test_a_host_key_that_is_not_the_known_one(
    place: Place, sftp: SftpServer, sftp_source: Make, known: str
) -> None:
    """Nothing is sent to a server that is not the known one: the login is not even tried."""
    (sftp.root / "training.csv").write_bytes(BOOKINGS)
    place.declare(sftp_source())
    path = place.home.root / "known_hosts"
    line = sftp.host_key.export_public_key().decode()
    if known == "wrong":
        sftp.known_hosts(path, new_key())
    elif known == "missing":
        path.unlink()
    else:
        path.write_text({"unknown": f"[127.0.0.1]:{sftp.port + 1} {line}", "empty": "",
                         "hashed_other": f"|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= {line}"}[known])  # fmt: skip
    found = place.one()
    assert found.problems == {Code.KNOWN_HOSTS if known == "missing" else Code.HOST_KEY: 1} and found.failed
    assert sftp.logins == [] and place.landed() == {}


def test_a_stranger_key_a_broken_key_a_missing_folder_and_a_dead_server(
    place: Place, sftp: SftpServer, sftp_source: Make
) -> None:
    good = sftp_source()
    stranger = place.secret(new_key().export_private_key(), "stranger")
    broken = place.secret("-----BEGIN OPENSSH PRIVATE KEY-----\nnot one\n", "broken")
    opened = place.secret(new_key().export_private_key(), "opened", mode=0o644)
    for change, code in (
        ({"secret_file": str(stranger)}, Code.LOGIN),
        ({"secret_file": str(broken)}, Code.SECRET_FORM),
        ({"secret_file": str(opened)}, Code.SECRET_OPEN),
        ({"path": "/nowhere"}, Code.NOT_FOUND),
        ({"port": 9}, Code.UNREACHABLE),
    ):
        place.declare({**good, **change})
        assert place.one().problems == {code: 1}, change


def test_the_accounts_own_ssh_files_are_not_read(
    place: Place, sftp: SftpServer, sftp_source: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a configuration nor a known-hosts file of the account can make another server trusted."""
    ssh = tmp_path / "account" / ".ssh"
    ssh.mkdir(parents=True)
    (ssh / "config").write_text("Host *\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n")
    sftp.known_hosts(ssh / "known_hosts")
    monkeypatch.setenv("HOME", str(ssh.parent))
    place.declare(sftp_source())
    (place.home.root / "known_hosts").write_text("")
    assert place.one().problems == {Code.HOST_KEY: 1}


def test_a_set_with_its_manifest(place: Place, sftp: SftpServer, sftp_source: Make) -> None:
    files = {"d2_a.csv": b"x\n1\n", "d3_a.csv": b"y\n2\n"}
    (sftp.root / "vintage").mkdir()
    for name, body in files.items():
        (sftp.root / "vintage" / name).write_bytes(body)
    place.declare(sftp_source(extract="published/dfe_child_protection", submitter="dfe", complete="manifest"))
    assert place.one().waiting == 1
    (sftp.root / "vintage" / "_manifest.json").write_bytes(manifest(files))
    assert place.one().taken == 1
    assert len(place.landed()) == 3


def test_a_link_on_the_server_is_not_followed(place: Place, sftp: SftpServer, sftp_source: Make) -> None:
    (sftp.root / "real.txt").write_bytes(BOOKINGS)
    (sftp.root / "link.csv").symlink_to("real.txt")
    place.declare(sftp_source(match=["*.csv"]))
    assert place.one().taken == 0


def command(place: Place) -> list[str]:
    return [sys.executable, "-m", "orchestration.cli", "--home", str(place.home.root), "pull"]


def test_a_kill_half_way_leaves_nothing_visible_and_the_next_pull_is_whole(
    place: Place, upload: Path, client_key: Any
) -> None:
    body = training(120_000).encode()
    (upload / "training.csv").write_bytes(body)
    key = place.secret(client_key.export_private_key(), "client_key")
    source: dict[str, Any] = {}
    with sftp_server(upload, client_key, delay=0.05) as slow:
        source = {
            "name": "slow", "kind": "sftp", "extract": "partnership/training_attendance",
            "submitter": "partnership_office", "host": "127.0.0.1", "port": slow.port, "user": "partner",
            "secret_file": str(key), "known_hosts": str(slow.known_hosts(place.home.root / "known_hosts")),
            "path": "/", "complete": "rename",
        }  # fmt: skip
        place.declare(source)
        running = subprocess.Popen(command(place), cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        hidden = place.home.landing / "partnership/training_attendance/partnership_office/.slow.pulling"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and running.poll() is None:
            if any(0 < p.stat().st_size < len(body) for p in hidden.rglob("*.csv")):
                break
            time.sleep(0.02)
        assert running.poll() is None, "the pull ended before it could be killed"
        running.send_signal(signal.SIGKILL)
        running.wait()
    left = place.landed()
    assert left and all("/.slow.pulling/" in path for path in left)  # half a file, hidden
    assert place.rows() == 0  # discovery does not see it
    with sftp_server(upload, client_key) as fast:
        fast.known_hosts(place.home.root / "known_hosts")
        place.declare({**source, "port": fast.port})
        assert place.one().taken == 1
        assert place.one().already == 1
    assert list(place.landed().values()) == [body]


def test_a_big_file_passes_in_little_memory(place: Place, sftp: SftpServer, sftp_source: Make) -> None:
    size = 400_000_000
    with (sftp.root / "training.csv").open("wb") as handle:
        line = (b"x" * 99 + b"\n") * 10_000
        for _ in range(size // len(line)):
            handle.write(line)
    place.declare(sftp_source())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = place.one()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert (found.taken, found.bytes) == (1, size)
    assert grown < 150, f"{grown:.0f} MiB more"


def test_the_command_says_codes_and_never_a_secret(place: Place, sftp: SftpServer, sftp_source: Make) -> None:
    (sftp.root / "Jo Bloggs training.csv").write_bytes(BOOKINGS)
    place.secret("hunter2-marker", "password")
    bad = sftp_source(name="bad", login="password", secret_file=str(place.home.root / "password"))
    place.declare(bad, sftp_source(name="good"))
    done = subprocess.run(command(place), cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 1
    assert "good: 1 taken" in done.stdout and "bad: PULL-LOGIN" in done.stdout
    said = done.stdout + done.stderr
    assert "hunter2" not in said and "Bloggs" not in said and "Traceback" not in said
    state = "".join(p.read_text() for p in (place.home.root / "transport").glob("*.json"))
    assert "Bloggs" not in state and "hunter2" not in state
    only = subprocess.run([*command(place), "--only", "good"], cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)  # fmt: skip
    assert only.returncode == 0 and "good: 0 taken" in only.stdout and "bad" not in only.stdout
    assert yaml.safe_load((place.home.root / "transport.yml").read_text())["sources"][0]["name"] == "bad"
