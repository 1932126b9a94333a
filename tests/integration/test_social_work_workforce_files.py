"""The workforce return as councils send it: told from a census by its content, and no worker is left in what is kept."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest import landing, pipeline
from ingest.agreement import load_agreements
from ingest.contract import load_contracts
from ingest.judge import Judged
from ingest.lake import Home
from ingest.results import GateVerdict
from tests.support.small_landing import census, place_keys

CONTRACTS, AGREEMENTS = load_contracts(), load_agreements()
DATA = Path(__file__).parents[1] / "data" / "workforce"
KEY, CIN = "council/social_work_workforce", "council/cin_census"


def agrees(_: Judged) -> GateVerdict:
    """A second judge that always agrees; the real one has its own tests."""
    return GateVerdict()


def of(authority: str = "860") -> bytes:
    """The published example, as this authority would send it."""
    text = (DATA / "social_work_workforce_2022.xml").read_text(encoding="utf-8")
    return text.replace("<LEA>301</LEA>", f"<LEA>{authority}</LEA>").encode()


#: Folder -> the file in it, what the file holds, and the return that it is.
BROKEN = {
    "cut_off": ("a.xml", of()[:-20], KEY),  # its head still says what it is
    "no_word": ("la_workforce_860.xml", b"<Message><Header></Message>", KEY),  # says nothing: the name tells
    "nothing": ("b.xml", b"<Message><Header></Message>\n", CIN),
}


@dataclass(frozen=True)
class Sent:
    """Two councils' returns and three broken files, taken in at once."""

    home: Home
    reports: dict[str, pipeline.SubmissionReport]  # by the folder that the file was sent in

    def workers(self, folder: str) -> pa.Table:
        """The workers of one submission, as they are kept."""
        tables = [pq.read_table(p) for p in self.home.raw(KEY, "workers").glob("*.parquet")]
        one = self.reports[folder].submission_id
        (found,) = [t for t in tables if t.num_rows and t["_submission_id"].unique().to_pylist() == [one]]
        return found


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Sent:
    root = tmp_path_factory.mktemp("workforce")
    home = Home(root / "home")
    place_keys(home)
    files = {a: ("return.xml", of(a)) for a in ("860", "861")} | {
        f: (n, c) for f, (n, c, _) in BROKEN.items()
    }
    for folder, (name, content) in files.items():
        (root / "sent" / folder).mkdir(parents=True)
        (root / "sent" / folder / name).write_bytes(content)
    reports = pipeline.take_in_all(root / "sent", CONTRACTS, AGREEMENTS, home, agrees).reports
    folder_of = {hashlib.sha256(content).hexdigest(): folder for folder, (_, content) in files.items()}
    return Sent(home, {folder_of[r.row["sha256"]]: r for r in reports})


def test_content_tells_the_return_from_a_census_whatever_the_name(tmp_path: Path) -> None:
    (tmp_path / "cin_census_2022.xml").write_bytes(of())
    (tmp_path / "workforce.xml").write_bytes(census([{"la_child_id": "C1"}]))
    found = {d.files[0].name: d.key for d in landing.discover(tmp_path, CONTRACTS)}
    assert found == {"cin_census_2022.xml": KEY, "workforce.xml": CIN}


@pytest.mark.parametrize("folder", BROKEN)
def test_a_broken_file_is_refused_by_the_return_that_it_is(sent: Sent, folder: str) -> None:
    report = sent.reports[folder]
    assert (report.key, report.status) == (BROKEN[folder][2], "refused")


def test_the_published_example_comes_in_whole_and_names_no_worker(sent: Sent) -> None:
    report = sent.reports["860"]
    assert (report.status, report.period, report.submitter) == ("accepted", "2021-22", "staffordshire")
    assert {n: (c.received, c.accepted) for n, c in report.tables.items()} == {
        "vacancies": (1, 1),
        "workers": (30, 30),
    }

    kept = [
        p
        for p in sent.home.root.rglob("*")
        if p.is_file() and p.suffix in {".parquet", ".txt", ".html", ".json", ".csv"}
    ]
    numbers = [n.encode() for n in re.findall(r"<SWENo>(\w+)</SWENo>", of().decode())]
    assert len(set(numbers)) == 30
    told = {p: _plain(p) for p in kept}
    assert not [n for text in told.values() for n in numbers if n in text], (
        "a worker's number is kept nowhere"
    )
    raw = sent.workers("860")
    tokens = raw["worker_number"].to_pylist()
    assert len(set(tokens)) == 30 and all(t.startswith("w1_") for t in tokens)
    assert not {"worker_birth_date", "worker_sex", "worker_ethnicity", "institution"} & set(raw.column_names)


def _plain(path: Path) -> bytes:
    """What a reader without a key can read of a file: of the identity room's encrypted ones, the bytes."""
    if path.suffix != ".parquet" or "identity" in path.parts:
        return path.read_bytes()
    table = pq.read_table(path)
    return "\n".join(str(v) for c in table.columns for v in c.to_pylist()).encode()


def test_the_same_number_is_another_pseudonym_at_another_council(sent: Sent) -> None:
    one, other = ({*sent.workers(a)["worker_number"].to_pylist()} for a in ("860", "861"))
    assert len(one) == len(other) == 30 and not one & other
