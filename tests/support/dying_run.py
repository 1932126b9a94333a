"""The command line in a process group that kills itself at a named step: `python -m tests.support.dying_run STEP SCP-ARGUMENTS`.

Lives here: the steps at which a run may die, and dying there without a word (SIGKILL, dbt's process with it).
Add here: a step of a run after which something lies half done.
Must not live here: assertions.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

#: What is half done then: the function that is about to be called, by its module, and for the which time.
STEPS: dict[str, tuple[str, str, int]] = {
    "a delivery is read and nothing of it is written": ("ingest.pipeline", "_minimise", 3),
    "its rows are written, its receipt and report are not": ("ingest.pipeline", "_receipt", 5),
    "one of its tables is raw, the next is not": ("ingest.pipeline", "place", 12),
    "its tables are raw, the registry does not know it": ("ingest.pipeline", "_close", 8),
    "one of its tables of counts is kept": ("ingest.registry", "_write", 10),
    "persons are linked and not handed over": ("ingest.identity.linkage", "_hand_over", 1),
    "dbt has built some of its models": ("orchestration.warehouse", "fresh_file", 1),
    "the warehouse is renamed and nothing points at it": ("orchestration.warehouse_file", "write_text", 2),
    "the release is written and not in force": ("publish.release", "_put_in_force", 1),
}
#: Until here files are taken in, and each step leaves most of them to the next run.
LAST_OF_INTAKE = "one of its tables of counts is kept"
#: Goes on in another process for a while: dying waits for what that process writes.
IN_DBT = "dbt has built some of its models"


def die() -> None:
    os.killpg(0, signal.SIGKILL)


def die_at(step: str) -> None:
    """Replace the step's function by one that dies when it is called for that time."""
    module_name, name, nth = STEPS[step]
    module = import_module(module_name)
    real: Callable[..., Any] = getattr(module, name)
    calls = 0

    def dying(*given: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if step == IN_DBT:
            file = real(*given, **options)
            threading.Thread(target=_die_when_filled, args=(file,), daemon=True).start()
            return file
        if calls == nth:
            die()
        return real(*given, **options)

    setattr(module, name, dying)


def _die_when_filled(file: Path) -> None:
    while sum(p.stat().st_size for p in (file, Path(f"{file}.wal")) if p.exists()) < 2_000_000:
        time.sleep(0.05)
    die()


if __name__ == "__main__":
    from orchestration.cli import app

    die_at(sys.argv[1])
    app(sys.argv[2:])
