"""One release of the synthetic fixture warehouse, and one browser, for all tests of the report."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.contract import load_contracts
from ingest.lake import Home
from publish.release import Release, publish

CHROMIUM = Path("/usr/bin/chromium")
ARGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip


def fixture_module() -> Any:
    path = Path(__file__).parents[1] / "support" / "warehouse_fixture.py"
    spec = importlib.util.spec_from_file_location("warehouse_fixture", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fixture_module().build(tmp_path_factory.mktemp("warehouse") / "small.duckdb")


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, warehouse: Path) -> Home:
    """A home with a receipt for every submission, so that links to receipts are tested too."""
    import duckdb

    home = Home(tmp_path_factory.mktemp("home"))
    home.receipts.mkdir(parents=True)
    with duckdb.connect(str(warehouse), read_only=True) as con:
        for (submission,) in con.execute(
            "select distinct submission_id from quality.fct_submission"
        ).fetchall():
            page = f"<!DOCTYPE html><html lang='en-GB'><head><title>{submission}</title></head><body><main><h1>Receipt</h1></main></body></html>"
            (home.receipts / f"{submission}.html").write_text(page)
            (home.receipts / f"{submission}.txt").write_text("Receipt\n")
    return home


@pytest.fixture(scope="session")
def release(warehouse: Path, home: Home) -> Release:
    return publish(warehouse, home, load_contracts(), synthetic=True)


@pytest.fixture(scope="session")
def site(release: Release) -> Path:
    return release.report.parent


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed (/usr/bin/chromium): the report was not opened in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        yield opened
        opened.close()
