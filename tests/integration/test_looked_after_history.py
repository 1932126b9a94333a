"""Several years of one council fold into one history: the published cases, the published years, and any order of arrival."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest import landing, pipeline
from ingest.agreement import load_agreements
from ingest.contract import load_contracts
from ingest.identity import linkage
from ingest.lake import Home, anchor_schemas
from ingest.results import GateVerdict
from tests.support import lake_fixture
from tests.support.small_landing import place_keys
from tests.support.ssda903 import KEY, cut, example, put_set, repair_cases

pytestmark = pytest.mark.minutes(3)

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS, AGREEMENTS = load_contracts(), load_agreements()
#: The authorities of the published cases, as senders of ours.
SENDER = {"Barking and Dagenham": "staffordshire", "Newham": "stoke_on_trent", "Sutton": "sample_authority"}
HISTORY = ("fct_looked_after_episode", "fct_looked_after_episode_repair", "fct_looked_after_period", "dim_child_legal_status_history",
           "fct_looked_after_child_year", "fct_looked_after_health_year", "fct_care_leaver_year", "fct_looked_after_review",
           "fct_looked_after_missing", "fct_previous_permanence", "fct_unaccompanied_child_year", "dim_child")  # fmt: skip


@dataclass(frozen=True)
class Warehouse:
    home: Home
    path: Path

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.path), read_only=True) as con:
            return con.execute(sql).fetchall()


def take_in(sent: Path, home: Home, order: random.Random | None = None) -> None:
    """Take everything in, in the order given by chance, one delivery after the other; then link."""
    place_keys(home)
    anchor_schemas(home, CONTRACTS)
    found = landing.discover(sent, CONTRACTS)
    if order is not None:
        order.shuffle(found)
    for delivery in found:
        report = pipeline.take_in(delivery, CONTRACTS, AGREEMENTS, home, lambda _: GateVerdict())
        assert report.status in ("accepted", "partly_accepted"), report.reason_code
        pipeline.promote(report.submission_id, home, CONTRACTS)
    linkage.link(home)
    pipeline.write_expected_returns(home, CONTRACTS, AGREEMENTS)


def build(home: Home, work: Path) -> Warehouse:
    """The history and what it stands on, with every test that looks at nothing else."""
    work.mkdir(parents=True, exist_ok=True)
    run = lake_fixture.build(home, work, "+path:models/conformed/looked_after", "+dim_child", "+dim_area")
    assert run.returncode == 0, run.output[-4000:]
    return Warehouse(home, work / "warehouse.duckdb")


# --- the published cases ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Warehouse, dict[str, str]]:
    """The cases through the whole pipeline, and which person is which case."""
    place = tmp_path_factory.mktemp("cases")
    for (authority, year), whole in repair_cases().items():
        period = f"{int(year) - 1}-{year[2:]}"
        put_set(place / "sent", whole, period, submitter=SENDER[authority], folder=year)
    home = Home(place / "home")
    take_in(place / "sent", home)
    warehouse = build(home, place / "work")
    names = {}
    for child, first in warehouse_children().items():
        found = warehouse.ask(
            f"select distinct person_key from int_looked_after_episode_sighting where submitter = '{first[0]}' and started_on = '{first[1]}'"
        )
        names[child] = found[0][0]
    return warehouse, names


def warehouse_children() -> dict[str, tuple[str, str]]:
    """Case -> sender and a start date that no other case has."""
    rows = [
        (SENDER[a], r["CHILD"], r["DECOM"]) for (a, _), w in repair_cases().items() for r in w["episodes"]
    ]
    out: dict[str, tuple[str, str]] = {}
    for sender, child, day in rows:
        if sum(1 for s, _, d in rows if (s, d) == (sender, day)) == 1:
            out.setdefault(child, (sender, day))
    assert len(out) == 10
    return out


#: Case -> its episodes in the history: start, end, reason for the end, rule; and the rows left out: start, rule.
EXPECTED: dict[str, tuple[list[tuple[str, str | None, str | None, str | None]], list[tuple[str, str]]]] = {
    "NORULE_BAD": ([("2015-06-19", "2016-07-26", "X1", None), ("2016-07-26", "2021-12-12", "E17", None)], []),
    "NORULE_NEW": ([("2022-02-01", "2022-07-10", "E17", None), ("2022-10-23", None, None, None)], []),
    "NORULE_SUT": ([("2017-12-15", None, None, None)], []),
    "RULE1_BAD": ([("2016-01-13", "2017-08-20", "X1", "LAC-R4"), ("2017-08-20", "2019-06-21", "X1", None),
                   ("2019-06-21", "2019-07-23", "E6", None)], []),
    "RULE1A_BAD": ([("2016-01-22", "2016-10-24", "X1", None), ("2016-10-24", "2017-04-20", "E8", "LAC-R5"),
                    ("2017-04-20", "2017-06-13", "E8", None)], []),
    "RULE2_BAD": ([("2019-05-10", "2020-03-31", "E8", "LAC-R6")], []),
    "RULE3_BAD": ([("2016-09-23", "2017-05-30", "E2", None)], [("2016-09-27", "LAC-R3")]),
    "RULE3A_BAD": ([("2017-11-25", "2018-01-25", "X1", None), ("2018-01-25", "2018-05-16", "E45", None)],
                   [("2018-03-22", "LAC-R3")]),
    "RULE4_BAD": ([("2018-11-23", "2018-12-20", "X1", "LAC-R7"), ("2018-12-20", "2019-08-19", "X1", None),
                   ("2019-08-19", "2019-10-01", "E4A", None)], [("2018-12-24", "LAC-R3")]),
    "RULE5_BAD": ([("2019-11-06", "2020-04-02", "X1", "LAC-R8"), ("2020-04-02", None, None, None)], []),
}  # fmt: skip


@pytest.mark.parametrize("case", EXPECTED)
def test_a_published_case_comes_out_as_its_label_says(
    cases: tuple[Warehouse, dict[str, str]], case: str
) -> None:
    warehouse, names = cases
    person = names[case]
    episodes, dropped = EXPECTED[case]
    assert [tuple(_text(v) for v in row) for row in warehouse.ask(
        f"select started_on, ended_on, end_reason, repaired_by from fct_looked_after_episode where person_key = '{person}' order by 1"
    )] == episodes  # fmt: skip
    assert [tuple(_text(v) for v in row) for row in warehouse.ask(
        f"select started_on, rule_id from fct_looked_after_episode_repair where person_key = '{person}' and action = 'row_dropped' order by 1"
    )] == dropped  # fmt: skip


def test_periods_of_care_of_the_cases(cases: tuple[Warehouse, dict[str, str]]) -> None:
    warehouse, names = cases
    periods = {
        case: warehouse.ask(
            f"select count(*), sum(case when ended_on is null then 1 else 0 end) from fct_looked_after_period where person_key = '{person}'"
        )[0]
        for case, person in names.items()
    }
    two = {"RULE1A_BAD": (2, 0), "NORULE_NEW": (2, 1)}
    one = {"NORULE_SUT": (1, 1), "RULE5_BAD": (1, 1)}
    assert periods == {case: two.get(case, one.get(case, (1, 0))) for case in EXPECTED}


def test_every_case_has_a_rule_and_every_repair_names_the_row_because_of_which(
    cases: tuple[Warehouse, dict[str, str]],
) -> None:
    warehouse, _ = cases
    used = {r for (r,) in warehouse.ask("select distinct rule_id from fct_looked_after_episode_repair")}
    assert used == {"LAC-R3", "LAC-R4", "LAC-R5", "LAC-R6", "LAC-R7", "LAC-R8"}
    without = warehouse.ask(
        "select rule_id from fct_looked_after_episode_repair where because_of_source_row is null"
    )
    assert {r for (r,) in without} == {"LAC-R6"}, "only an episode that nothing follows has no other row"


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


# --- the published years ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    place = tmp_path_factory.mktemp("years")
    for year in range(2017, 2021):
        put_set(place / "sent", example(year), None, folder=str(year))
    home = Home(place / "home")
    take_in(place / "sent", home)
    return build(home, place / "work")


def test_four_years_are_one_history_and_nobody_is_lost(years: Warehouse) -> None:
    sent = [(y, r) for y in range(2017, 2021) for r in example(y)["episodes"]]
    children = {r["CHILD"] for _, r in sent}
    starts = {(r["CHILD"], r["DECOM"]) for _, r in sent}
    count = lambda sql: years.ask(sql)[0][0]  # noqa: E731
    assert count("select count(*) from int_looked_after_episode_sighting") == len(sent) == 3484
    assert count("select count(distinct person_key) from fct_looked_after_episode") == len(children)
    dropped = dict(
        years.ask(
            "select rule_id, count(*) from fct_looked_after_episode_repair where action = 'row_dropped' group by 1"
        )
    )
    episodes = count("select count(*) from fct_looked_after_episode")
    assert episodes + sum(dropped.values()) == len(sent)
    assert episodes + dropped.get("LAC-R3", 0) == len(starts)
    assert dropped["LAC-R1"] == len(sent) - len(starts)
    # Nobody is in two places at once, and an episode that the newest return holds open is open.
    overlaps = count("""select count(*) from (select ended_on, lead(started_on) over (partition by submitter, person_key order by started_on) as follows
                        from fct_looked_after_episode) where coalesce(ended_on, '9999-12-31') > follows""")
    assert overlaps == 0
    open_now = {r["CHILD"] for r in example(2020)["episodes"] if not r["DEC"]}
    assert count("select count(*) from fct_looked_after_episode where ended_on is null") == len(open_now)


@pytest.mark.parametrize(
    ("table", "model"), [("header", "fct_looked_after_child_year"), ("oc2", "fct_looked_after_health_year"),
                         ("oc3", "fct_care_leaver_year"), ("uasc", "fct_unaccompanied_child_year")],
)  # fmt: skip
def test_every_child_of_every_year_is_in_the_years_facts(years: Warehouse, table: str, model: str) -> None:
    sent = {(y, r["CHILD"]) for y in range(2017, 2021) for r in example(y)[table]}
    assert years.ask(f"select count(*) from {model}") == [(len(sent),)]


def test_a_review_in_several_returns_is_one_review(years: Warehouse) -> None:
    sent = {(r["CHILD"], r["REVIEW"]) for y in range(2017, 2021) for r in example(y)["reviews"]}
    assert years.ask("select count(*) from fct_looked_after_review") == [(len(sent),)]


# --- any order ---------------------------------------------------------------------------------------------------------------


def test_any_order_of_arrival_gives_the_same_bytes(tmp_path: Path) -> None:
    """Four years of two councils and a correction, in six orders: the same raw files. In two of them, the same tables.

    The warehouse reads those files and the person map and nothing else, so that equal files of six orders speak for all six.
    """
    children = {r["CHILD"] for y in range(2017, 2021) for r in example(y)["header"][:40]}
    for year in range(2017, 2021):
        whole = cut(example(year), children)
        for submitter in ("staffordshire", "sample_authority"):
            put_set(tmp_path / "sent", whole, None, submitter=submitter, folder=f"{year}-1", number=1)
    corrected = cut(example(2018), children)
    corrected["episodes"] = corrected["episodes"][5:]
    put_set(
        tmp_path / "sent",
        corrected,
        None,
        submitter="staffordshire",
        folder="2018-2",
        number=2,
        received="2026-06-02T09:00:00",
    )
    homes = [Home(tmp_path / f"home{number}") for number in range(6)]
    for number, home in enumerate(homes):
        take_in(tmp_path / "sent", home, random.Random(number) if number else None)
    assert len({_raw(home) for home in homes}) == 1
    built = [build(home, tmp_path / f"work{number}") for number, home in enumerate(homes[:2])]
    assert len({_content(warehouse) for warehouse in built}) == 1


def _raw(home: Home) -> str:
    """All that the history is made from: the returns' raw rows, and who is who."""
    out = hashlib.sha256()
    for path in sorted([*(home.lake / "raw" / KEY).rglob("*.parquet"), *home.person_map.rglob("*.parquet")]):
        out.update(f"{path.relative_to(home.lake)}\n".encode() + path.read_bytes())
    return out.hexdigest()


def _content(warehouse: Warehouse) -> str:
    out = hashlib.sha256()
    for model in HISTORY:
        rows = warehouse.ask(f"select * from {model}")
        assert rows, model
        out.update(model.encode() + repr(sorted(map(repr, rows))).encode())
    return out.hexdigest()


# --- one list of rules -------------------------------------------------------------------------------------------------------


def test_the_page_tells_the_rules_of_the_list_and_no_others() -> None:
    with (ROOT / "dbt_project" / "seeds" / "looked_after_repair_rule.csv").open(
        encoding="utf-8", newline=""
    ) as handle:
        rules = list(csv.DictReader(handle))
    page = (ROOT / "docs" / "looked_after_history.md").read_text(encoding="utf-8")
    told = [line for line in page.splitlines() if line.startswith("| LAC-")]
    assert told == [f"| {' | '.join(r.values())} |" for r in rules]
    sql = (ROOT / "dbt_project" / "models" / "conformed" / "looked_after").glob("int_*.sql")
    used: set[str] = set()
    for path in sql:
        used |= {f"LAC-R{n}" for n in range(1, 30) if f"'LAC-R{n}'" in path.read_text(encoding="utf-8")}
    assert used == {r["rule_id"] for r in rules}
