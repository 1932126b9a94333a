"""The workforce return's contract says what the DfE's schema says, its file is told from a census by content, and no worker is left in it."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lxml import etree

from ingest import landing, pipeline
from ingest.agreement import load_agreements
from ingest.contract import load_contracts
from ingest.judge import Judged
from ingest.lake import Home
from ingest.results import GateVerdict
from tests.support.small_landing import census, place_keys

CONTRACTS, AGREEMENTS = load_contracts(), load_agreements()
DATA = Path(__file__).parents[1] / "data" / "workforce"
KEY, XS = "council/social_work_workforce", "{http://www.w3.org/2001/XMLSchema}"
SCHEMA = etree.parse(DATA / "social_work_workforce_2022.xsd").getroot()


def agrees(_: Judged) -> GateVerdict:
    """A second judge that always agrees; the real one has its own tests."""
    return GateVerdict()


def sent(authority: str = "860") -> bytes:
    text = (DATA / "social_work_workforce_2022.xml").read_text(encoding="utf-8")
    return text.replace("<LEA>301</LEA>", f"<LEA>{authority}</LEA>").encode()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    place_keys(made)
    return made


def elements(kind: str) -> dict[str, str]:
    """Element -> type, of a complex type of the schema."""
    found = next(t for t in SCHEMA.findall(f"{XS}complexType") if t.get("name") == kind)
    return {str(e.get("name")): str(e.get("type")) for e in found.iter(f"{XS}element")}


@pytest.mark.parametrize(("table", "kind"), [("vacancies", "vacancytype"), ("workers", "workertype")])
def test_every_element_of_the_schema_has_a_field_and_no_other(table: str, kind: str) -> None:
    assert {f.headers[0] for f in CONTRACTS[KEY].by_table[table].fields} == set(elements(kind))


def test_the_code_lists_are_the_schemas_enumerations() -> None:
    types = elements("workertype")
    compared = 0
    for field in CONTRACTS[KEY].by_table["workers"].fields:
        if field.codelist:
            kind = next(
                t for t in SCHEMA.findall(f"{XS}simpleType") if t.get("name") == types[field.headers[0]]
            )
            assert {e.get("value") for e in kind.iter(f"{XS}enumeration")} == set(
                CONTRACTS.codelists[field.codelist].by_code
            )
            compared += 1
    assert compared == 7


def test_content_tells_the_return_from_a_census_whatever_the_name(tmp_path: Path) -> None:
    (tmp_path / "cin_census_2022.xml").write_bytes(sent())
    (tmp_path / "workforce.xml").write_bytes(census([{"la_child_id": "C1"}]))
    found = {d.files[0].name: d.key for d in landing.discover(tmp_path, CONTRACTS)}
    assert found == {"cin_census_2022.xml": KEY, "workforce.xml": "council/cin_census"}


@pytest.mark.parametrize(
    ("name", "content", "key"),
    [
        ("a.xml", sent()[:-20], KEY),  # cut off: its head still says what it is
        ("la_workforce_860.xml", b"<Message><Header></Message>", KEY),  # says nothing: the name tells
        ("b.xml", b"<Message><Header></Message>", "council/cin_census"),
    ],
)
def test_a_broken_file_is_refused_by_the_return_that_it_is(
    tmp_path: Path, home: Home, name: str, content: bytes, key: str
) -> None:
    (tmp_path / "sent").mkdir()
    (tmp_path / "sent" / name).write_bytes(content)
    (report,) = pipeline.take_in_all(tmp_path / "sent", CONTRACTS, AGREEMENTS, home, agrees).reports
    assert (report.key, report.status) == (key, "refused")


@pytest.mark.slow
def test_the_published_example_comes_in_whole_and_names_no_worker(tmp_path: Path, home: Home) -> None:
    folder = tmp_path / "sent"
    folder.mkdir()
    (folder / "return.xml").write_bytes(sent())
    (report,) = pipeline.take_in_all(folder, CONTRACTS, AGREEMENTS, home, agrees).reports
    assert (report.status, report.period, report.submitter) == ("accepted", "2021-22", "staffordshire")
    assert {n: (c.received, c.accepted) for n, c in report.tables.items()} == {
        "vacancies": (1, 1),
        "workers": (30, 30),
    }

    kept = [
        p
        for p in home.root.rglob("*")
        if p.is_file() and p.suffix in {".parquet", ".txt", ".html", ".json", ".csv"}
    ]
    numbers = [n.encode() for n in re.findall(r"<SWENo>(\w+)</SWENo>", sent().decode())]
    assert len(set(numbers)) == 30
    assert not [n for p in kept for n in numbers if n in _plain(p)], "a worker's number is kept nowhere"
    raw = pa.concat_tables(
        pq.read_table(p)
        for p in (home.lake / "raw" / "council" / "social_work_workforce" / "workers").glob("*.parquet")
    )
    tokens = raw["worker_number"].to_pylist()
    assert len(set(tokens)) == 30 and all(t.startswith("w1_") for t in tokens)
    assert not {"worker_birth_date", "worker_sex", "worker_ethnicity", "institution"} & set(raw.column_names)


def _plain(path: Path) -> bytes:
    """What a reader without a key can read of a file: of the identity room's encrypted ones, the bytes."""
    if path.suffix != ".parquet" or "identity" in path.parts:
        return path.read_bytes()
    table = pq.read_table(path)
    return "\n".join(str(v) for c in table.columns for v in c.to_pylist()).encode()


def test_the_same_number_is_another_pseudonym_at_another_council(tmp_path: Path, home: Home) -> None:
    for authority in ("860", "861"):
        (tmp_path / "sent" / authority).mkdir(parents=True)
        (tmp_path / "sent" / authority / "return.xml").write_bytes(sent(authority))
    pipeline.take_in_all(tmp_path / "sent", CONTRACTS, AGREEMENTS, home, agrees)
    folder = home.lake / "raw" / "council" / "social_work_workforce" / "workers"
    tables = [t for p in folder.glob("*.parquet") if (t := pq.read_table(p)).num_rows]
    one, other = ({*t["worker_number"].to_pylist()} for t in tables)
    assert len(one) == len(other) == 30 and not one & other
