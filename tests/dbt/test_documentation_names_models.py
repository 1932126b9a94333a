"""What the hand-written pages call a table is a table."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ingest.projections.generate import REPOSITORY

pytestmark = pytest.mark.xdist_group("empty_lake")  # what dbt made of it is made once

PAGES = [*sorted((REPOSITORY / "docs").glob("*.md")), REPOSITORY / "README.md"]
NAMED = re.compile(r"`((?:dim|fct|bridge|int|rec)_[a-z0-9_]+)`")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_table_that_a_page_names_is_a_model(models: dict[str, dict[str, Any]], page: Any) -> None:
    assert set(NAMED.findall(page.read_text(encoding="utf-8"))) - set(models) == set()


def test_the_entities_page_names_tables_at_all() -> None:
    assert len(NAMED.findall((REPOSITORY / "docs" / "entities.md").read_text(encoding="utf-8"))) > 25
