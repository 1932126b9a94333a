"""Killing `scp run` at nine named steps and at a moment left to chance, and starting again each time, gives the release of an
undisturbed run."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingest.lake import Home
from ingest.synthetic import partnership
from orchestration.audit import content
from orchestration.warehouse_file import current_release
from tests.support.dying_run import LAST_OF_INTAKE, STEPS
from tests.support.small_landing import place_keys
from tests.support.world import REPOSITORY, SEED, SIZE

pytestmark = pytest.mark.minutes(6)

#: What was sent since then: 53 of 56 extracts, with corrections and faults.
SENT_SINCE = "2026-04-01"


def release_content(home: Home) -> dict[str, str]:
    """Every file of the release in force -> hash; of the analysts' DuckDB file, what is in it.

    DuckDB numbers its blocks as its threads finish, so two files of the same content differ in bytes.
    """
    folder = current_release(home)
    assert folder is not None
    return {
        str(path.relative_to(folder)): str(content(path))
        if path.suffix == ".duckdb"
        else hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def start(home: Home, *before: str) -> subprocess.Popen[bytes]:
    """`scp run` in a process group of its own; with a step before it, one that dies there."""
    module = ("tests.support.dying_run", *before) if before else ("orchestration.cli",)
    log = (home.root / "said.log").open("ab")
    return subprocess.Popen(
        [sys.executable, "-m", *module, "--home", str(home.root), "run"], cwd=REPOSITORY, start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, stdout=log, stderr=log,
    )  # fmt: skip


def finish(home: Home) -> float:
    """An undisturbed run. How many seconds it took."""
    begun = time.monotonic()
    assert start(home).wait() == 0, (home.root / "said.log").read_text(encoding="utf-8")[-6000:]
    return time.monotonic() - begun


def kill_by_chance(home: Home, seconds: float) -> None:
    """Somewhere between the start and the last file, of an undisturbed run that takes so many seconds."""
    running = start(home)
    time.sleep(random.Random(2026).uniform(0.05, 0.2) * seconds)
    os.killpg(running.pid, signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL


@pytest.fixture
def homes(tmp_path: Path) -> tuple[Home, Home]:
    """Two homes with the same files and the same keys, for every pseudonym would differ with other keys."""
    undisturbed, killed = Home(tmp_path / "undisturbed"), Home(tmp_path / "killed")
    partnership.make(undisturbed, float(SIZE), int(SEED))
    for note in list(undisturbed.landing.rglob("_manifest.json")):
        if json.loads(note.read_text(encoding="utf-8"))["received_at"] < SENT_SINCE:
            shutil.rmtree(note.parent)
    shutil.copytree(undisturbed.root, killed.root)
    for home in (undisturbed, killed):
        place_keys(home)
    return undisturbed, killed


def test_ten_kills_and_a_restart_give_the_same_release(homes: tuple[Home, Home]) -> None:
    undisturbed, killed = homes
    seconds = finish(undisturbed)
    for step in STEPS:
        assert start(killed, step).wait() == -signal.SIGKILL, f"a run was to die when {step}"
        if step == LAST_OF_INTAKE:
            kill_by_chance(killed, seconds)
    finish(killed)
    assert release_content(killed) == release_content(undisturbed)
