"""Linkage on people whom nobody here made: the FEBRL data sets, trained on without labels, with our thresholds and rules."""

from __future__ import annotations

import pytest

from tests.support import febrl


@pytest.fixture(scope="module")
def two_agencies() -> dict[str, float]:
    identities, submissions, true = febrl.load("dataset4a", "dataset4b")
    assert identities.num_rows == 10_000 and len(true) == 5_000
    return febrl.figures(febrl.link(identities, submissions), true)


def test_linking_two_files_reaches_the_goal(two_agencies: dict[str, float]) -> None:
    assert two_agencies["f1"] >= 0.97, two_agencies


def test_nobody_is_taken_for_another(two_agencies: dict[str, float]) -> None:
    """A missed link is put right by the next number; a wrong one tells one child's story of another."""
    assert two_agencies["precision"] >= 0.999, two_agencies
