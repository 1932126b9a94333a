"""Decisions about pairs: two persons, closed reasons, nothing lost and nothing counted before it is confirmed."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ingest.identity import decisions
from ingest.identity.decisions import Refused
from ingest.lake import Home

A, B, C = "c1_a", "c1_b", "c1_c"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def confirmed(home: Home, a: str, b: str, verdict: str = "same") -> str:
    case = decisions.propose(home, a, b, verdict, "checked_source", "first").case
    decisions.answer(home, case, "second", confirm=True)
    return case


def test_a_proposal_counts_once_another_person_confirms_it(home: Home) -> None:
    step = decisions.propose(home, B, A, "same", "checked_source", "first")
    assert (step.a, step.b, step.case) == (A, B, decisions.case_id(A, B))
    assert decisions.in_force(home) == [] and set(decisions.open_proposals(home)) == {step.case}
    for myself in ("first", "First"):
        with pytest.raises(Refused, match="second person"):
            decisions.answer(home, step.case, myself, confirm=True)
    decisions.answer(home, step.case, "second", confirm=True)
    assert [(s.a, s.b, s.verdict, s.officer) for s in decisions.in_force(home)] == [(A, B, "same", "second")]
    assert decisions.open_proposals(home) == {}


def test_the_later_decision_replaces_the_earlier_and_a_withdrawn_one_does_not(home: Home) -> None:
    case = confirmed(home, A, B)
    decisions.propose(home, A, B, "different", "family_known", "first")
    decisions.answer(home, case, "first", confirm=False)
    assert [s.verdict for s in decisions.in_force(home)] == ["same"]
    confirmed(home, A, B, "different")
    assert [s.verdict for s in decisions.in_force(home)] == ["different"]


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [("maybe", "checked_source"), ("same", "Ada Example"), ("same", "adoption"), ("same", "family_known")],
)
def test_what_is_no_decision_is_refused(home: Home, verdict: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        decisions.propose(home, A, B, verdict, reason, "first")
    assert "Ada" not in str(refused.value)
    assert decisions.steps(home) == []


def test_a_pair_is_two_tokens_and_is_proposed_once(home: Home) -> None:
    with pytest.raises(Refused, match="two pseudonyms"):
        decisions.propose(home, A, A, "same", "checked_source", "first")
    decisions.propose(home, A, B, "same", "checked_source", "first")
    with pytest.raises(Refused, match="proposed as same already"):
        decisions.propose(home, A, B, "different", "checked_source", "second")


def test_nothing_can_be_confirmed_that_nobody_proposed(home: Home) -> None:
    case = confirmed(home, A, B)
    for unknown in (case, "0123456789"):
        for confirm in (True, False):
            with pytest.raises(Refused, match="Nothing is proposed"):
                decisions.answer(home, unknown, "second", confirm=confirm)


def test_what_cannot_be_logged_is_not_done(home: Home) -> None:
    def broken(_: decisions.Step) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        decisions.propose(home, A, B, "same", "checked_source", "first", log=broken)
    assert decisions.steps(home) == []


def test_a_line_that_a_crash_cut_short_is_no_step_and_harms_no_other(home: Home) -> None:
    case = confirmed(home, A, B)
    path = home.identity / "decisions.jsonl"
    path.write_bytes(path.read_bytes() + b'{"a": "c1_a", "b": ')
    decisions.propose(home, A, C, "same", "checked_source", "first")
    assert [s.state for s in decisions.steps(home)] == ["proposed", "confirmed", "proposed"]
    assert [s.case for s in decisions.in_force(home)] == [case]


def test_decisions_of_erased_tokens_go_and_the_file_stays_its_owners(home: Home) -> None:
    confirmed(home, A, B)
    kept = confirmed(home, B, C)
    path = home.identity / "decisions.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert decisions.forget_tokens(home, {A}) == 2
    assert decisions.forget_tokens(home, {A}) == 0
    assert [s.case for s in decisions.steps(home)] == [kept, kept]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and A not in path.read_text()
