"""Every page, at desktop and phone width: axe finds nothing, nothing overflows, nothing is fetched, links lead somewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from publish.report import PAGES

pytestmark = pytest.mark.xdist_group("report")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("file", [f for f, _, _ in PAGES])
def test_page(file: str, width: int, site: Path, browser: Any) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    try:
        page.goto((site / file).as_uri())
        outside = [u for u in asked if not u.startswith(site.as_uri())]
        assert not outside, "the page asked for something that is not in the report"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"
        # Folded tables must be accessible as well: open them all, then look.
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (
            "an opened table makes the page scroll sideways"
        )
        found = Axe().run(page, options=RULES)
        assert not found.response["violations"], found.generate_report()
    finally:
        page.close()


def test_the_skip_link_is_first_and_works(site: Path, browser: Any) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((site / "index.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to main content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    page.close()


def test_chart_text_is_legible_on_a_phone(site: Path, browser: Any) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 900})
    page.goto((site / "child-protection.html").as_uri())
    smallest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('svg.chart')].map(s => 12.5 * s.getBoundingClientRect().width / s.viewBox.baseVal.width))"
    )
    assert smallest >= 11
    page.close()


def test_folded_tables_are_printed(site: Path, browser: Any) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.emulate_media(media="print")
    page.goto((site / "front-door.html").as_uri())
    hidden = page.evaluate(
        "[...document.querySelectorAll('details table')].filter(t => !t.checkVisibility({contentVisibilityAuto: true})).length"
    )
    assert hidden == 0
    page.close()
