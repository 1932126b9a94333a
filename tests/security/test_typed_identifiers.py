"""What an officer types to find a child stays nowhere: no argument, no output, no log, no file.

The commands run in this process, in a working folder and a folder for temporary files of their own, and everything that comes
out of them is kept: what they print, what libraries write past Python to the two outputs, logs down to debug, warnings, errors.
Once a command runs in a process of its own, and once at a terminal.
"""

from __future__ import annotations

import io
import logging
import os
import pty
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ingest.identity import audit
from ingest.lake import Home
from orchestration.cli import app
from tests.support.marker_scan import scan, scan_text
from tests.support.small_persons import LOCAL, NHS, Persons, make

pytestmark = pytest.mark.minutes(1)

REPOSITORY = Path(__file__).resolve().parents[2]
WHY = ("--reason", "subject_access", "--reference", "SAR-2026-014", "--officer", "ig.officer")
BY_ID = ("--kind", "local_id", "--submitter", "staffordshire")
#: Right by its check digit, and nobody's: a search that finds nobody must forget it too.
UNKNOWN = "9990000034"
MARKERS = [LOCAL, NHS, UNKNOWN, f"{NHS[:3]} {NHS[3:6]} {NHS[6:]}"]


@dataclass
class Terminal:
    """The command line, and everything that came out of it."""

    persons: Persons
    place: Path
    outputs: list[str] = field(default_factory=list[str])

    @property
    def settings(self) -> dict[str, str]:
        return {
            "SCP_HOME": str(self.persons.home.root), "SCP_LANDING": str(self.persons.landing), "TMPDIR": str(self.place), "COLUMNS": "250",
        }  # fmt: skip

    def scp(self, *words: str, typed: str = "") -> Result:
        with pytest.MonkeyPatch.context() as patch, everything_said() as said:
            patch.chdir(self.place)
            patch.setattr(tempfile, "tempdir", str(self.place))
            for name, value in self.settings.items():
                patch.setenv(name, value)
            done = CliRunner().invoke(app, ["--home", str(self.persons.home.root), *words], input=typed)
        self.outputs += [done.stdout, done.stderr, *said]
        if done.exc_info is not None:
            self.outputs += traceback.format_exception(*done.exc_info)
        return done

    def command(self, *words: str) -> list[str]:
        """The same in a process of its own, whose working folder is `place` and whose surroundings are `environment`."""
        return [sys.executable, "-c", "from orchestration.cli import app; app()", *words]

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(REPOSITORY), **self.settings}


@contextmanager
def everything_said() -> Generator[list[str]]:
    """What is said beside Python's two outputs: logs of every library, warnings, and what goes to the descriptors themselves."""
    said: list[str] = []
    logs, root = io.StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(logs), root.level
    own = {descriptor: os.dup(descriptor) for descriptor in (1, 2)}
    with tempfile.TemporaryFile() as written:
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        logging.captureWarnings(True)
        for descriptor in own:
            os.dup2(written.fileno(), descriptor)
        try:
            yield said
        finally:
            for descriptor, kept in own.items():
                os.dup2(kept, descriptor)
                os.close(kept)
            logging.captureWarnings(False)
            root.setLevel(level)
            root.removeHandler(handler)
            written.seek(0)
            said += [logs.getvalue(), written.read().decode(errors="replace")]


def copy_of_all(terminal: Terminal, root: Path) -> Terminal:
    """Another terminal, at a copy of the home, the files as sent and the working folder."""
    shutil.copytree(terminal.place.parent, root, dirs_exist_ok=True)
    return Terminal(Persons(Home(root / "home"), root / "landing"), root / "work")


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    root = tmp_path_factory.mktemp("typed")
    (root / "work").mkdir()
    out = Terminal(make(root), root / "work")
    found = out.scp("person", "find", *BY_ID, *WHY, "--csv", "found.csv", typed=f"{LOCAL}\n")
    assert found.exit_code == 0, found.stderr
    out.scp("person", "find", *WHY, typed=f"{NHS}\n")
    out.scp("person", "find", *WHY, typed=f"{UNKNOWN}\n")
    for wrong in (f"{NHS}1\n", f"{LOCAL}\n"):
        assert out.scp("person", "find", *WHY, typed=wrong).exit_code == 1
    restrict = ("--reason", "restriction_request", "--reference", "RES-2026-2")
    assert out.scp("person", "restrict", *BY_ID, *restrict, typed=f"{LOCAL}\n").exit_code == 0
    assert out.scp("person", "lift", *restrict, typed=f"{NHS}\n").exit_code == 0
    assert out.scp("identity", "audit").exit_code == 0
    return out


def test_what_was_asked_for_was_found_and_logged(terminal: Terminal) -> None:
    text = "".join(terminal.outputs)
    assert re.search(r"accepted rows\s+6", text) and "missing_episodes" in text and "the chain holds" in text
    actions = [e.action for e in audit.read(terminal.persons.home)]
    assert actions == ["find", "find", "find", "restricted", "lift_restricted"]


def test_nothing_typed_came_out(terminal: Terminal) -> None:
    assert scan_text("".join(terminal.outputs), MARKERS) == []


def test_nothing_typed_was_written(terminal: Terminal) -> None:
    """Not even in the identity room in clear, where the audit log and the list of restrictions lie."""
    assert scan(terminal.persons.home.root, MARKERS, skip=()) == []
    assert scan(terminal.place, MARKERS, skip=()) == []


def test_the_search_would_find_it(terminal: Terminal, tmp_path: Path) -> None:
    """Positive control: the files as sent hold the child, and one line of a log is seen."""
    assert {h.marker for h in scan(terminal.persons.landing, MARKERS, skip=())} == {0, 1, 3}
    (tmp_path / "audit.jsonl").write_text(f'{{"subject":"{LOCAL.lower()}"}}\n')
    assert scan(tmp_path, MARKERS, skip=())


def test_what_is_said_beside_the_two_outputs_is_heard() -> None:
    """Positive control: a line of a log that nobody prints, a warning, and what a library in C would write."""
    with everything_said() as said:
        logging.getLogger("ingest").debug("looked for %s", NHS)
        warnings.warn(LOCAL, stacklevel=1)
        os.write(2, UNKNOWN.encode())
    assert {h.marker for h in scan_text("".join(said), MARKERS)} >= {0, 1, 2}


def test_the_list_is_for_its_owner_only(terminal: Terminal) -> None:
    path = terminal.place / "found.csv"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    lines = path.read_text().splitlines()
    assert len(lines) > 10 and "missing_episodes" in lines[1] + lines[-1] + "".join(lines)


@pytest.mark.parametrize("words", [(NHS,), ("--nhs", NHS), (f"--nhs={NHS}",), ("-n", NHS), ("--kind", NHS)])
def test_an_identifier_on_the_command_line_is_refused_and_not_repeated(
    terminal: Terminal, words: tuple[str, ...]
) -> None:
    here = Terminal(terminal.persons, terminal.place)
    for command in ("find", "restrict", "lift"):
        assert here.scp("person", command, *WHY, *words).exit_code == 1
    assert scan_text("".join(here.outputs), MARKERS) == []
    assert scan(terminal.persons.home.root, MARKERS, skip=()) == []


def test_the_same_in_a_process_of_its_own(terminal: Terminal, tmp_path: Path) -> None:
    here = copy_of_all(terminal, tmp_path)
    done = subprocess.run(
        here.command("person", "find", *WHY, "--csv", "again.csv"), input=f"{NHS}\n", capture_output=True, text=True,
        timeout=120, check=False, cwd=here.place, env=here.environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (
        re.search(r"accepted rows\s+6", done.stdout)
        and stat.S_IMODE((here.place / "again.csv").stat().st_mode) == 0o600
    )
    assert scan_text(done.stdout + done.stderr, MARKERS) == []
    assert scan(here.persons.home.root, MARKERS, skip=()) == [] and scan(here.place, MARKERS, skip=()) == []


def test_at_a_terminal_it_is_asked_for_without_echo_and_is_no_argument(terminal: Terminal) -> None:
    main, other = pty.openpty()
    process = subprocess.Popen(
        terminal.command("person", "find", *BY_ID, *WHY), stdin=other, stdout=other, stderr=other, close_fds=True,
        cwd=terminal.place, env=terminal.environment, start_new_session=True,
    )  # fmt: skip
    os.close(other)
    shown, sent, arguments = b"", False, b""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            shown += os.read(main, 65536)
        except OSError:  # the other end was closed: the command is done
            break
        if b"not shown" in shown and not sent:
            time.sleep(0.3)  # the echo is switched off after the question is written
            os.write(main, LOCAL.encode() + b"\n")
            arguments = Path(f"/proc/{process.pid}/cmdline").read_bytes()
            sent = True
    os.close(main)
    assert process.wait(timeout=60) == 0, shown
    assert sent and b"local_id" in arguments and b"accepted rows" in shown
    assert scan_text(shown.decode() + arguments.decode(), MARKERS) == []


def test_erasing_leaves_no_trace_of_what_was_typed_and_nothing_of_the_child(
    terminal: Terminal, tmp_path: Path
) -> None:
    here = copy_of_all(terminal, tmp_path)
    why = ("--reason", "erasure_request", "--reference", "ERA-2026-5")
    done = here.scp("person", "erase", *why, "--officer", "first.officer", typed=f"{NHS}\n")
    case = re.search(r"case-[0-9a-f]{12}", done.stdout)
    assert done.exit_code == 0 and case is not None, done.stderr
    alone = here.scp("person", "approve", case.group(), "--officer", "first.officer")
    assert alone.exit_code == 1 and "second officer" in alone.stderr
    approved = here.scp("person", "approve", case.group(), "--officer", "second.officer")
    assert approved.exit_code == 0 and "erased" in approved.stdout, approved.stderr
    assert "done" in here.scp("person", "cases").stdout
    again = here.scp("person", "find", *BY_ID, *WHY, typed=f"{LOCAL}\n")
    assert "what is sent again is dropped" in again.stdout and re.search(r"accepted rows\s+0", again.stdout)
    assert scan_text("".join(here.outputs), MARKERS) == []
    assert scan(tmp_path, MARKERS, skip=()) == []  # landing and the identity room too: the child is gone
    assert "the chain holds" in here.scp("identity", "audit").stdout
