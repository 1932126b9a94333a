"""What the identity commands print, log and write: pseudonyms, counts and levels, whatever they are asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ingest.identity import audit, review
from orchestration.cli import app
from tests.support.marker_scan import scan, scan_text
from tests.support.small_persons import Persons, copy_of
from tests.support.small_review import AGREES, DIFFERS, waiting

MARKERS = [*AGREES, *DIFFERS]
FIRST, SECOND = ("--officer", "first.officer"), ("--officer", "second.officer")
WHY = ("--reason", "agency_confirmed")


@dataclass
class Said:
    persons: Persons
    output: str = ""

    def scp(self, *words: str) -> Result:
        home = str(self.persons.home.root)
        done = CliRunner().invoke(
            app, ["--home", home, "identity", *words], env={"SCP_HOME": home, "COLUMNS": "250"}
        )
        return done

    def note(self, *words: str) -> None:
        done = self.scp(*words)
        self.output += done.output + done.stderr


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("waiting")
    waiting(root)
    return root


@pytest.fixture(scope="module")
def said(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Said:
    out = Said(copy_of(made, tmp_path_factory.mktemp("commands")))
    case = str(review.waiting(out.persons.home)[0]["case"])
    for words in (
        ("status",), ("review", "list"), ("review", "show", case, *FIRST), ("review", "decide", case, "same", *WHY, *FIRST),
        ("review", "list"), ("review", "confirm", case, *SECOND), ("train", *FIRST), ("rotate-key", "--yes", *FIRST),
        ("link", DIFFERS[2], AGREES[0], *WHY, *FIRST), ("review", "show", AGREES[0], *FIRST, "--yes-show"),
        ("review", "decide", AGREES[2], "same", *WHY, *FIRST), ("status",), ("audit",),
    ):  # fmt: skip
        out.note(*words)
    return out


def test_the_commands_did_what_they_say(said: Said) -> None:
    actions = [e.action for e in audit.read(said.persons.home)]
    assert actions == ["decision_proposed", "decision_confirmed", "key_rotated"]
    assert (
        "pseudonym-v2" in said.output
        and "the chain holds" in said.output
        and "on a terminal only" in said.output
    )


def test_no_identifier_is_printed_even_when_one_is_typed(said: Said) -> None:
    assert scan_text(said.output, MARKERS) == []


def test_no_identifier_is_written(said: Said) -> None:
    """The audit log, the decisions and the queue in the identity room among the rest."""
    assert scan(said.persons.home.root, MARKERS, skip=("landing",)) == []


def test_the_search_would_find_one(made: Path, tmp_path: Path) -> None:
    """Positive control: what an officer asks to see on the screen is found by the same search."""
    here = Said(copy_of(made, tmp_path))
    case = str(review.waiting(here.persons.home)[0]["case"])
    shown = here.scp("review", "show", case, *FIRST, "--yes-show").output
    assert len(scan_text(shown, list(DIFFERS))) >= len(DIFFERS) and scan_text(shown, list(AGREES)) == []
