"""Work that is killed by SIGKILL in a process of its own: at a step, at the writing of a file, or after some time.

The process is forked from a server that has imported what is worked with, so a kill always lands in the work and never in an
import, however slow the machine is. The server itself runs nothing, so it has no threads that a fork would lose.

Lives here: the moments, starting the process, killing it.
Add here: another kind of moment.
Must not live here: what is worked on; what must hold afterwards.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol

_PROCESSES = multiprocessing.get_context("forkserver")
_imported = ["pytest", "tests.support.killed"]
#: A child that is not killed ends itself; one that hangs is a failure.
_PATIENCE = 120


class Moment(Protocol):
    """When to die. `arm` is called in the process that will."""

    def arm(self) -> None: ...


@dataclass(frozen=True)
class AfterStep:
    """When a function has done its work, before its caller goes on."""

    module: str
    name: str

    def arm(self) -> None:
        module = importlib.import_module(self.module)
        step = getattr(module, self.name)

        def dies(*given: Any, **options: Any) -> None:
            step(*given, **options)
            _die()

        setattr(module, self.name, dies)


@dataclass(frozen=True)
class BeforeRename:
    """When a file lies whole under its partial name and has not got its own: the `nth` whose path ends like `file`."""

    file: str
    nth: int = 1

    def arm(self) -> None:
        rename, left = Path.replace, self.nth

        def dies(path: Path, target: Path) -> Path:
            nonlocal left
            left -= Path(target).match(self.file)
            if left == 0:
                _die()
            return rename(path, target)

        setattr(Path, "replace", dies)  # noqa: B010 - pyright knows that a method is no variable


def import_first(*modules: str) -> None:
    """Name what the work needs, before the first process: the server imports it once. What is not named is imported late."""
    _imported.extend(modules)
    _PROCESSES.set_forkserver_preload(_imported)


def killed_at(moment: Moment, work: Callable[[], object]) -> bool:
    """Run `work` (which must be importable: a function, a method) and die at the moment. False when it never came."""
    process = _PROCESSES.Process(target=_armed, args=(moment, work))
    process.start()
    return _ended(process)


def killed_after(seconds: float, work: Callable[[], object]) -> bool:
    """Run `work` and kill it so long after it began. False when it was done by then."""
    here, there = _PROCESSES.Pipe(duplex=False)
    process = _PROCESSES.Process(target=_told, args=(there, work))
    process.start()
    there.close()
    here.recv()
    time.sleep(seconds)
    process.kill()
    return _ended(process)


def _ended(process: Any) -> bool:
    process.join(_PATIENCE)
    if process.exitcode is None:
        process.kill()
        process.join()
        raise AssertionError("the process neither died nor ended")
    assert process.exitcode in (0, -signal.SIGKILL), f"it failed by itself: {process.exitcode}"
    return process.exitcode == -signal.SIGKILL


def _armed(moment: Moment, work: Callable[[], object]) -> None:
    moment.arm()
    work()


def _told(begun: Connection, work: Callable[[], object]) -> None:
    begun.send(True)
    work()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
