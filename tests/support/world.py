"""A small synthetic partnership, taken in, built and published once for all tests of a session.

Lives here: starting `scp` as a user would, in a folder of its own.
Add here: another way in which tests start the whole pipeline.
Must not live here: assertions.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ingest.lake import Home

REPOSITORY = Path(__file__).resolve().parents[2]
SIZE, SEED = "0.02", "2026"


@dataclass(frozen=True)
class World:
    """A finished run and what it printed."""

    home: Home
    output: str


def scp(
    home: Path, *arguments: str, check: bool = True, cwd: Path = REPOSITORY
) -> subprocess.CompletedProcess[str]:
    """Run the command line in its own process, as a user does."""
    environment = {**os.environ, "PYTHONPATH": str(cwd)}
    return subprocess.run(
        [sys.executable, "-m", "orchestration.cli", "--home", str(home), *arguments],
        capture_output=True, text=True, check=check, cwd=cwd, env=environment,
    )  # fmt: skip


def make_world(root: Path) -> World:
    done = scp(root, "run", "--synthetic", "--size", SIZE, "--seed", SEED, check=False)
    if done.returncode:
        raise AssertionError(f"`scp run` failed\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}")
    return World(Home(root), done.stdout)
