"""`scp identity`: two persons, plain refusals, every change in the audit log."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ingest.identity import audit, decisions, keys, models, restrictions, review, scored, training
from ingest.identity.store import IdentityStore
from ingest.lake import Home
from orchestration.cli import app
from orchestration.locking import single_writer
from tests.support.small_persons import copy_of
from tests.support.small_review import AGREES, DIFFERS, waiting

FIRST, SECOND = ("--officer", "first.officer"), ("--officer", "second.officer")
WHY = ("--reason", "agency_confirmed")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("identity")
    waiting(root)
    return root


@pytest.fixture(scope="module")
def home(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home in which nothing may change."""
    return copy_of(made, tmp_path_factory.mktemp("unchanged")).home


@pytest.fixture
def own(made: Path, tmp_path: Path) -> Home:
    """A home that the test may change."""
    return copy_of(made, tmp_path).home


def scp(home: Home, *words: str) -> Result:
    env = {"SCP_HOME": str(home.root), "COLUMNS": "250"}
    return CliRunner().invoke(app, ["--home", str(home.root), "identity", *words], env=env)


def done(home: Home, *words: str) -> str:
    result = scp(home, *words)
    assert result.exit_code == 0, result.output + result.stderr
    return result.output


def refused(home: Home, *words: str) -> str:
    result = scp(home, *words)
    assert result.exit_code == 1 and "Traceback" not in result.stderr
    return result.stderr


def the_case(home: Home) -> str:
    return str(review.waiting(home)[0]["case"])


def test_status_counts_and_names_nobody(home: Home) -> None:
    said = " ".join(done(home, "status").split())
    for part in (
        "tokens 4",
        "persons 4",
        "from the package",
        "key pseudonym-v1",
        "key store-v1",
        "cases waiting 1",
    ):
        assert part in said, said
    assert "number birth date differs 1" in said and "audit log holds" in said


def test_status_of_an_empty_home_says_never(tmp_path: Path) -> None:
    assert "never" in done(Home(tmp_path), "status")


def test_the_list_shows_levels_and_no_value(home: Home) -> None:
    shown = done(home, "review", "list")
    assert the_case(home) in shown and "council" in shown and "1 of 1 cases" in shown
    assert "0 of 0 cases" in done(home, "review", "list", "--reason", "twin")
    assert not [m for m in (*AGREES, *DIFFERS) if m in shown]


def test_values_are_shown_on_a_terminal_only_and_the_look_is_logged(own: Home) -> None:
    case = the_case(own)
    assert "on a terminal only" in refused(own, "review", "show", case, *FIRST)
    assert audit.read(own) == []
    shown = done(own, "review", "show", case, *FIRST, "--yes-show")
    assert all(m in shown for m in DIFFERS) and not [m for m in AGREES if m in shown]
    (entry,) = audit.read(own)
    assert (entry.action, entry.officer, entry.subject) == ("case_shown", "first.officer", f"pair-{case}")


def test_two_persons_decide_and_each_step_is_logged(own: Home) -> None:
    case = the_case(own)
    done(own, "review", "decide", case, "same", *WHY, *FIRST)
    assert "same by first.officer" in done(own, "review", "list")
    assert "second person" in refused(own, "review", "confirm", case, *FIRST)
    assert "already" in refused(own, "review", "decide", case, "different", *WHY, *SECOND)
    done(own, "review", "withdraw", case, *SECOND)
    done(own, "review", "decide", case, "different", *WHY, *FIRST)
    done(own, "review", "confirm", case, *SECOND, "--reference", "LINK-2026-3")
    assert [s.verdict for s in decisions.in_force(own)] == ["different"]
    log = audit.read(own)
    assert [e.action for e in log] == [
        "decision_proposed", "decision_withdrawn", "decision_proposed", "decision_confirmed",
    ]  # fmt: skip
    assert {e.subject for e in log} == {f"pair-{case}"} and log[-1].reference == "LINK-2026-3"
    assert audit.verify(own).holds
    assert "have changed since" in done(own, "status")


@pytest.mark.parametrize(
    "words",
    [
        ("review", "show", "0123456789", *FIRST, "--yes-show"),
        ("review", "decide", "0123456789", "same", *WHY, *FIRST),
        ("review", "confirm", "0123456789", *FIRST),
        ("review", "withdraw", "0123456789", *FIRST),
        ("link", "c1_0", "c1_1", *WHY, *FIRST),
        ("unlink", *WHY, *FIRST),
        ("train", "--confirm", "0123456789abcdef", *FIRST),
        ("train", "--packaged", *FIRST),
        ("train", *FIRST),
        ("rotate-key", *FIRST),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence_and_changes_nothing(
    home: Home, words: tuple[str, ...]
) -> None:
    assert len(refused(home, *words).split()) > 3
    assert audit.read(home) == [] and decisions.steps(home) == [] and len(keys.made(home.identity)) == 2


def test_a_decision_that_the_log_cannot_take_is_not_taken(own: Home) -> None:
    said = refused(own, "review", "decide", the_case(own), "same", *WHY, "--officer", "Ada Zqname Example")
    assert "officer" in said and "Zqname" not in said
    assert decisions.steps(own) == []


def test_pairs_outside_the_queue_can_be_linked_and_taken_apart(own: Home) -> None:
    a, b, *_ = restrictions.person_map(own)["child_token"].to_pylist()
    case = decisions.case_id(a, b)
    assert case in done(own, "link", a, b, *WHY, *FIRST)
    done(own, "review", "confirm", case, *SECOND)
    assert case in done(own, "unlink", b, a, "--reason", "family_known", *FIRST)
    assert "proposed" in done(own, "review", "list")
    done(own, "review", "confirm", case, *SECOND)
    assert [(s.case, s.verdict) for s in decisions.in_force(own)] == [(case, "different")]


def test_nothing_is_changed_while_a_run_works(home: Home) -> None:
    with single_writer(home):
        assert "another run" in refused(home, "review", "decide", the_case(home), "same", *WHY, *FIRST)
        assert "another run" in refused(home, "rotate-key", "--yes", *FIRST)
    assert decisions.steps(home) == []


def test_a_model_is_used_once_a_second_person_confirms_it(own: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Learning is core's and tested there; here a model of the test's stands for what was learnt."""
    base = scored.packaged()
    learnt = scored.Model(base.comparisons, base.prior * 2, base.forenames, base.surnames, "a test")
    monkeypatch.setattr(training, "_learn", lambda *_: learnt)
    shown = done(own, "train", *FIRST)
    assert "weight (bits)" in shown and "review pairs" in shown and learnt.fingerprint in shown
    store = IdentityStore(own.identity)
    assert models.current(store).fingerprint == base.fingerprint
    assert "second person" in refused(own, "train", "--confirm", learnt.fingerprint, *FIRST)
    done(own, "train", "--confirm", learnt.fingerprint, *SECOND)
    assert models.current(store).fingerprint == learnt.fingerprint and training.waiting(store) is None
    assert "from this room" in done(own, "status")
    done(own, "train", "--packaged", *FIRST)
    done(own, "train", "--confirm", base.fingerprint, *SECOND)
    assert not models.is_own(store)
    assert [e.action for e in audit.read(own)] == ["model_proposed", "model_confirmed"] * 2
    assert audit.read(own)[0].counts["persons_before"] == 4


def test_a_model_that_learnt_nothing_about_an_attribute_is_refused(
    own: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = scored.packaged()
    blind = [
        {**c, "levels": {level: {"m": 0.5, "u": 0.5} for level in c["levels"]}}
        if c["name"] == "forename"
        else c
        for c in base.comparisons
    ]
    learnt = scored.Model(tuple(blind), base.prior, base.forenames, base.surnames, "a test")
    monkeypatch.setattr(scored, "train", lambda *_: learnt)
    assert "a model needs" in refused(own, "train", *FIRST)
    monkeypatch.setattr(training, "LEAST_RECORDS", 1)
    assert "about forename" in refused(own, "train", *FIRST)
    assert training.waiting(IdentityStore(own.identity)) is None and audit.read(own) == []
