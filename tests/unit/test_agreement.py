"""What an agreement permits, and on what ground it refuses."""

from __future__ import annotations

import datetime as dt

import pytest

from ingest.agreement import Agreement, Agreements, Denied, Permission, load_agreements, permitted
from ingest.contract import load_contracts
from ingest.projections.expected_returns import expected_returns

POLICE = ("police/missing_episodes", "staffordshire_police")
ON = dt.date(2025, 5, 9)


@pytest.fixture(scope="module")
def agreements() -> Agreements:
    return load_agreements()


def changed(agreements: Agreements, agreement_id: str = "ISA-POLICE", **update: object) -> Agreements:
    """The agreements with one of them changed."""
    found = [a.model_copy(update=update) if a.id == agreement_id else a for a in agreements.values()]
    return Agreements(found, agreements.contracts)


def test_a_permission_lists_the_fields_and_names_its_ground(agreements: Agreements) -> None:
    answer = permitted(agreements, *POLICE, ON)
    assert isinstance(answer, Permission)
    assert (answer.agreement_id, answer.clause) == ("ISA-POLICE", "ISA-POLICE schedule 1")
    assert answer.allows("episodes", "risk_grade")
    assert answer.allows("episodes", "nhs_number")
    assert not answer.allows("episodes", "circumstances")
    assert not answer.allows("episodes", "a_column_nobody_thought_of")
    assert not answer.allows("another_table", "risk_grade")
    assert answer.prohibited["episodes"] == {"graded_by", "circumstances"}
    assert not answer.review_overdue


@pytest.mark.parametrize(
    ("update", "on", "code", "clause"),
    [
        ({}, "2022-03-31", "AGREEMENT-NOT-STARTED", "ISA-POLICE clause 7.1"),
        ({}, "2028-04-01", "AGREEMENT-EXPIRED", "ISA-POLICE clause 7.2"),
        ({"status": "ended"}, "2025-05-09", "AGREEMENT-EXPIRED", "ISA-POLICE clause 7.2"),
        ({"status": "draft"}, "2025-05-09", "AGREEMENT-DRAFT", "ISA-POLICE clause 7.1"),
        ({"suspended": True}, "2025-05-09", "AGREEMENT-SUSPENDED", "ISA-POLICE clause 7.4"),
    ],
)
def test_a_refusal_names_the_clause(
    agreements: Agreements, update: dict[str, object], on: str, code: str, clause: str
) -> None:
    answer = permitted(changed(agreements, **update), *POLICE, dt.date.fromisoformat(on))
    assert isinstance(answer, Denied)
    assert (answer.code, answer.clause) == (code, clause)
    assert answer.says.endswith(".")


@pytest.mark.parametrize("on", ["2022-04-01", "2028-03-31"])
def test_the_first_and_the_last_day_are_in_force(agreements: Agreements, on: str) -> None:
    assert isinstance(permitted(agreements, *POLICE, dt.date.fromisoformat(on)), Permission)


def test_default_deny(agreements: Agreements) -> None:
    other = permitted(agreements, "police/missing_episodes", "nhs_ssot", ON)
    unheard = permitted(agreements, "police/no_such_extract", "staffordshire_police", ON)
    assert isinstance(other, Denied) and other.code == "AGREEMENT-SUBMITTER"
    assert isinstance(unheard, Denied) and unheard.code == "AGREEMENT-NONE"


def test_a_renewal_takes_over_where_the_first_agreement_ends(agreements: Agreements) -> None:
    first = agreements["ISA-POLICE"]
    renewal = first.model_copy(
        update={
            "id": "ISA-POLICE-2",
            "effective_from": dt.date(2028, 4, 1),
            "effective_to": dt.date(2031, 3, 31),
        }
    )
    both = Agreements([first, renewal], agreements.contracts)
    answers = {
        on: permitted(both, *POLICE, dt.date.fromisoformat(on))
        for on in ("2028-03-31", "2028-04-01", "2031-04-01")
    }
    assert [getattr(a, "agreement_id", "") for a in answers.values()] == [
        "ISA-POLICE",
        "ISA-POLICE-2",
        "ISA-POLICE-2",
    ]
    assert isinstance(answers["2031-04-01"], Denied)


def test_an_overdue_review_is_said_but_does_not_stop_the_flow(agreements: Agreements) -> None:
    answer = permitted(agreements, *POLICE, dt.date(2027, 10, 1))
    assert isinstance(answer, Permission) and answer.review_overdue


def test_the_example_files_have_their_own_agreement_for_testing(agreements: Agreements) -> None:
    answer = permitted(agreements, "council/cin_census", "sample_authority", ON)
    assert isinstance(answer, Permission)
    assert (answer.agreement_id, answer.purposes) == ("ISA-EXAMPLES", ("testing",))


def test_open_data_takes_every_column_and_has_no_end(agreements: Agreements) -> None:
    answer = permitted(agreements, "published/ons_population", "ons", dt.date(2040, 1, 1))
    assert isinstance(answer, Permission)
    assert answer.fields["population"] == frozenset(
        load_contracts()["published/ons_population"].by_table["population"].by_name
    )


@pytest.mark.parametrize(
    "update",
    [
        {"effective_to": None},
        {"review_by": None},
        {"statutory_gateway": []},
        {"effective_to": dt.date(2020, 1, 1)},
        {"surprise": 1},
        {
            "flows": {
                "police/missing_episodes": {"schedule": "1", "purposes": ["testing"], "every_field": True}
            }
        },
        {
            "flows": {
                "police/missing_episodes": {
                    "schedule": "1",
                    "purposes": ["anything we like"],
                    "tables": {"episodes": {}},
                }
            }
        },
        {"flows": {"police/missing_episodes": {"schedule": "1", "purposes": [], "tables": {"episodes": {}}}}},
        {
            "flows": {
                "police/missing_episodes": {
                    "schedule": "1",
                    "purposes": ["testing"],
                    "tables": {"episodes": {"required": ["sex"], "prohibited": ["sex"]}},
                }
            }
        },
    ],
)
def test_an_agreement_about_persons_is_bounded(agreements: Agreements, update: dict[str, object]) -> None:
    raw = agreements["ISA-POLICE"].model_dump() | update
    with pytest.raises(ValueError):
        Agreement.model_validate(raw)


def test_expected_returns_follow_cadence_agreement_and_first_period(agreements: Agreements) -> None:
    table = expected_returns(load_contracts(), agreements, until=dt.date(2024, 4, 30))
    rows = table.to_pylist()
    assert {r["agency"] for r in rows} == {"council", "police", "health", "school", "partnership"}
    assert "sample_authority" not in {r["submitter"] for r in rows}
    first = {(r["extract"], r["submitter"]): r["period"] for r in reversed(rows)}
    assert first["cin_census", "staffordshire"] == "2022-23"
    assert first["missing_episodes", "staffordshire_police"] == "2023-01"
    assert first["missing_and_return_interviews", "stoke_on_trent"] == "2022-23-Q4"
    assert first["looked_after_health_assessments", "nhs_ssot"] == "2023-24-Q1"
    assert first["safeguarding_return", "stoke_on_trent_education"] == "2023-24"
    assert all(
        r["period_start"] <= r["period_end"] and r["due_on"] <= r["grace_until"] <= dt.date(2026, 1, 1)
        for r in rows
    )
    assert all(r["due_on"] <= dt.date(2024, 4, 30) for r in rows)
    assert {r["area_code"] for r in rows if r["agency"] == "council"} == {"E10000028", "E06000021"}
    assert {r["area_code"] for r in rows if r["agency"] == "police"} == {None}


def test_a_suspension_shows_as_missing_returns_and_a_draft_expects_none(agreements: Agreements) -> None:
    before = expected_returns(load_contracts(), agreements)
    assert expected_returns(load_contracts(), changed(agreements, suspended=True)).equals(before)
    assert (
        "missing_episodes"
        not in expected_returns(load_contracts(), changed(agreements, status="draft"))
        .column("extract")
        .to_pylist()
    )
