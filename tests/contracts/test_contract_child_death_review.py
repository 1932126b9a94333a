"""Child death reviews are counts for the whole area: nothing in the contract can say anything of one child."""

from __future__ import annotations

from ingest.agreement import load_agreements
from ingest.contract import FieldType, load_contracts

KEY = "health/child_death_review"
CONTRACTS = load_contracts()


def test_every_field_is_the_year_the_category_or_a_count() -> None:
    (table,) = CONTRACTS[KEY].tables
    assert table.identity is None
    assert {f.name for f in table.fields if f.type is not FieldType.figure} == {"year_start", "category"}
    assert not [f for f in table.fields if f.codelist in ("home_authority", "local_district", "person_sex")]


def test_no_submitter_of_it_is_a_council() -> None:
    assert all(CONTRACTS.submitter(s).area_code is None for s in CONTRACTS[KEY].submitters)


def test_its_rows_stay_with_the_partners_and_no_identifier_is_kept() -> None:
    (agreement,) = load_agreements().for_flow(KEY, "nhs_ssot")
    flow = agreement.flows[KEY]
    assert flow.min_audience == "partner_internal"
    assert all(not terms.linkage_only for terms in flow.tables.values())
    assert agreement.retention.identity_years == 0
