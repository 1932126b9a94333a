"""Review of a pair that two files brought: the queue names nobody, and a reviewer sees what differs and nothing else."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ingest.identity import decisions, linkage, review
from tests.support.marker_scan import scan, scan_text
from tests.support.small_persons import Persons, copy_of
from tests.support.small_review import AGREES, DIFFERS, waiting


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory: pytest.TempPathFactory) -> Persons:
    """A home with one pair in the queue; a test that decides it does so in a copy."""
    return waiting(tmp_path_factory.mktemp("review"))


def test_the_queue_has_the_pair_and_no_identifier(taken_in: Persons) -> None:
    rows = review.waiting(taken_in.home)
    assert [(r["agency_a"], r["agency_b"], r["reason"]) for r in rows] in (
        [("council", "police", "number_birth_date_differs")],
        [("police", "council", "number_birth_date_differs")],
    )
    assert (rows[0]["birth"], rows[0]["sex"], rows[0]["forename"]) == ("differ", "same", "unknown")
    assert review.waiting(taken_in.home, "twin") == []
    assert scan(taken_in.home.identity, [*AGREES, *DIFFERS], skip=()) == []
    assert stat.S_IMODE((taken_in.home.identity / "review_queue.csv").stat().st_mode) == 0o600


def test_a_reviewer_sees_what_differs_and_never_what_agrees(taken_in: Persons) -> None:
    (row,) = review.waiting(taken_in.home)
    shown = review.show(taken_in.home, str(row["case"]))
    lines = {name: (level, {a, b}) for name, level, a, b in shown.lines}
    assert lines["birth"] == ("differ", set(DIFFERS[:2]))
    assert lines["record"] == ("differ", set(DIFFERS[2:]))
    assert lines["NHS number"] == lines["sex"] == ("same", {""})
    assert lines["forename"] == lines["surname"] == ("unknown", {""})
    assert scan_text(repr(shown), list(AGREES)) == []
    assert {a for line in shown.lines for a in line if a in DIFFERS} == set(DIFFERS)


def test_a_case_that_is_not_there_is_refused(taken_in: Persons) -> None:
    for ask in (review.show, review.tokens_of):
        with pytest.raises(decisions.Refused):
            ask(taken_in.home, "0123456789")


def test_a_decision_takes_the_case_from_the_queue_and_links(taken_in: Persons, tmp_path: Path) -> None:
    home = copy_of(taken_in.home.root.parent, tmp_path).home
    (row,) = review.waiting(home)
    case, a, b = (str(row[c]) for c in ("case", "token_a", "token_b"))
    assert case == decisions.case_id(a, b)
    before = linkage.link(home)
    decisions.propose(home, a, b, "same", "agency_confirmed", "first")
    assert len(review.waiting(home)) == 1 and linkage.is_current(home)
    decisions.answer(home, case, "second", confirm=True)
    assert review.waiting(home) == [] and not linkage.is_current(home)
    assert set(review.tokens_of(home, case)) == {a, b}
    after = linkage.link(home)
    assert (after.persons, after.review_pairs, after.decisions) == (before.persons - 1, 0, 1)
