"""Killing `scp run` at ten random moments and starting again gives the release of an undisturbed run."""

from __future__ import annotations

import hashlib
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
from orchestration.audit import content
from orchestration.warehouse_file import current_release
from tests.support.world import REPOSITORY, SEED, SIZE, World

pytestmark = pytest.mark.slow

KILLS = 10


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


def test_ten_kills_and_a_restart_give_the_same_release(world: World, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    # The same keys, or every pseudonym would differ; everything else starts from nothing.
    home.identity.mkdir(parents=True, mode=0o700)
    for key in world.home.identity.glob("*.key"):
        shutil.copy2(key, home.identity / key.name)
    chance = random.Random(2026)
    command = [sys.executable, "-m", "orchestration.cli", "--home", str(home.root), "run", "--synthetic",
               "--size", SIZE, "--seed", SEED]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    for _ in range(KILLS):
        running = subprocess.Popen(command, cwd=REPOSITORY, env=environment, start_new_session=True,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        time.sleep(chance.uniform(4, 60))  # together about as long as an undisturbed run
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
    done = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert release_content(home) == release_content(world.home)
