"""What every test runs under: no telemetry, no network beyond this machine, reproducible hypothesis examples; its kind, and when
it starts.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support.world import World, make_world

# Before any of these libraries is imported.
for name, value in {
    "GX_ANALYTICS_ENABLED": "false",
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DO_NOT_TRACK": "1",
    "ANONYMIZED_TELEMETRY": "false",
}.items():
    os.environ[name] = value

settings.register_profile(
    "house", deadline=None, derandomize=True, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "explore", parent=settings.get_profile("house"), derandomize=False, max_examples=1000
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))


class NetworkUsed(RuntimeError):
    """Something tried to leave this machine."""


_connect, _connect_ex = socket.socket.connect, socket.socket.connect_ex


def _is_local(address: Any) -> bool:
    if not isinstance(address, tuple):  # a Unix socket
        return True
    host = str(address[0])
    if host in ("localhost", ""):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _guarded(original: Any) -> Any:
    def connect(self: socket.socket, address: Any) -> Any:
        if not _is_local(address):
            raise NetworkUsed("a test tried to reach another machine")
        return original(self, address)

    return connect


TESTS = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test the marker of its folder and keep a file's tests on one worker, unless the file names a wider group.

    So what a module or a group makes is made once. Groups that need minutes start first, that no worker ends with one.
    """
    minutes: dict[str, float] = {}
    for item in items:
        item.add_marker(item.path.relative_to(TESTS).parts[0])
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(str(item.path.relative_to(TESTS))))
        stated = item.get_closest_marker("minutes")
        minutes[_group(item)] = max(minutes.get(_group(item), 0), stated.args[0] if stated else 0)
    items.sort(key=lambda item: (-minutes[_group(item)], _group(item)))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Stops a worker whose groups do not hold: what is to be made once would be made once a worker, in silence."""
    ids = [item.nodeid for item in session.items]
    if getattr(session.config.option, "loadgroup", False) and not all("@" in each for each in ids):
        raise pytest.UsageError(
            "this pytest-xdist does not group tests under this pytest (see the cap in pyproject.toml)"
        )


def _group(item: pytest.Item) -> str:
    marker = item.get_closest_marker("xdist_group")
    assert marker is not None
    return str(marker.args[0])


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Any:
    """Blocks connections of this process to any address but loopback. Child processes inherit the settings above."""
    socket.socket.connect = _guarded(_connect)  # type: ignore[method-assign]
    socket.socket.connect_ex = _guarded(_connect_ex)  # type: ignore[method-assign]
    yield
    socket.socket.connect = _connect  # type: ignore[method-assign]
    socket.socket.connect_ex = _connect_ex  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A small synthetic partnership, taken in, built and published once; tests only read it."""
    return make_world(tmp_path_factory.mktemp("world") / "home")
