"""A SYNTHETIC home with one child whom council and police know, taken in from files: what the tests of a person's rights need.

Lives here: the deliveries, and where everything about the child must lie.
Add here: another place where something about the child may lie.
Must not live here: assertions.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ingest import pipeline
from ingest.agreement import load_agreements
from ingest.contract import load_contracts
from ingest.identity.rights import Asked, Place, Typed
from ingest.lake import Home, write_text
from ingest.results import GateVerdict
from tests.support.small_landing import census, council_episode, la12, place_keys, po01, police_episode, put

CONTRACTS, AGREEMENTS = load_contracts(), load_agreements()
LA12, PO01, CIN = "council/missing_and_return_interviews", "police/missing_episodes", "council/cin_census"
#: From the range reserved for tests; check digits right.
NHS, OTHER_NHS, UNKNOWN_NHS = "9990000018", "9990000026", "9990000034"
LOCAL = "ZqChild77"
#: Nobody else's, so that linkage cannot take another child for this one.
BORN = "09/03/2012"
ASKED = Asked("subject_access", "SAR-2026-014", "ig.officer")


def upn(digits: str) -> str:
    letters = "ABCDEFGHJKLMNPQRTUVWXYZ"
    return letters[sum(i * int(d) for i, d in enumerate(digits, start=2)) % 23] + digits


CHILD_UPN = upn("801200001001")


@dataclass(frozen=True)
class Persons:
    """The home, and where its files were sent to."""

    home: Home
    landing: Path

    @property
    def place(self) -> Place:
        return Place(self.home, CONTRACTS, AGREEMENTS, self.landing)

    def by(self, kind: str, text: str, submitter: str | None = None) -> Typed:
        return Typed.read(kind, text, CONTRACTS, submitter)

    def take_in(self) -> pipeline.Intake:
        return pipeline.take_in_all(self.landing, CONTRACTS, AGREEMENTS, self.home, lambda _: GateVerdict())


def child_rows(**values: str) -> list[dict[str, str]]:
    """Council rows of several children; the second and the fifth are the child's, and the fifth is rejected."""
    child = {"la_child_id": LOCAL, "nhs_number": NHS, "upn": CHILD_UPN, "birth_date": BORN, **values}
    rows = [council_episode(n) for n in range(6)]
    rows[1] = council_episode(1, **child)
    rows[4] = council_episode(4, **child, returned_at="01/01/2025 00:00")
    return rows


def make_empty(root: Path) -> Persons:
    """The same without a delivery."""
    out = Persons(Home(root / "home"), root / "landing")
    place_keys(out.home)
    return out


def make(root: Path) -> Persons:
    """Two councils' and the police's files; the council's first file was replaced by a second."""
    out = make_empty(root)
    la12(out.landing, child_rows())
    la12(
        out.landing,
        child_rows(),
        folder="d2",
        received_at="2025-08-20T09:00:00",
        name="again.csv",
        extra=["x"],
    )
    known = {"nominal_ref": "N77", "nhs_number": f"{NHS[:3]} {NHS[3:6]} {NHS[6:]}", "birth_date": BORN,
             "forename": "Zkmirabel", "surname": "Zktestworth", "postcode": "ST1 5AB"}  # fmt: skip
    po01(out.landing, [police_episode(1), police_episode(2, **known), police_episode(3, **known)],
         received_at="2025-06-10T09:00:00")  # fmt: skip
    put(out.landing, CIN, "staffordshire", "d1", {"cin.xml": census(
        [{"la_child_id": "A1"}, {"la_child_id": LOCAL, "upn": CHILD_UPN, "birth_date": "2012-03-09"}]
    )})  # fmt: skip
    (out.landing / "letter.txt").write_text("nobody reads this")
    out.take_in()
    return out


def release(persons: Persons, name: str, person_key: str, facts: list[tuple[str, str, int]]) -> Path:
    """A release whose analysts' files hold a child and facts (submission, table, row)."""
    folder = persons.home.releases / name
    parquet = folder / "analyst" / "parquet"
    parquet.mkdir(parents=True)
    with duckdb.connect(str(folder / "analyst" / "warehouse.duckdb")) as con:
        con.execute("create table dim_child as select ? as person_key, 'F' as sex", [person_key])
        con.execute("create table fct_x (submission_id varchar, source_table varchar, source_row bigint)")
        for fact in facts:
            con.execute("insert into fct_x values (?, ?, ?)", list(fact))
        con.execute("create table dim_area as select 'E10000028' as area_code")
        for table in ("dim_child", "fct_x", "dim_area"):
            con.execute(f"copy {table} to '{parquet / table}.parquet'")
    write_text('{\n  "as_of": "2025-06-30",\n  "release": "' + name + '"\n}\n', folder / "release.json")
    write_text(name, persons.home.releases / "current")
    return folder


def copy_of(made: Path, root: Path) -> Persons:
    """The same home again, for a test that changes it: taking it in costs seconds."""
    shutil.copytree(made, root, dirs_exist_ok=True)
    return Persons(Home(root / "home"), root / "landing")
