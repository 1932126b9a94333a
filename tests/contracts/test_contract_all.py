"""Every contract, code list and agreement loads, is strict, and agrees with the others."""

from __future__ import annotations

import copy
import csv
import io
import shutil
import string
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from open_data_contract_standard.model import OpenDataContractStandard

from ingest.agreement import AgreementError, Agreements, TableTerms, check_agreement, load_agreements
from ingest.contract import (
    CONTRACTS_DIR,
    Code,
    CodeList,
    ContractError,
    FieldType,
    Rule,
    RuleKind,
    Treatment,
    derived_rules,
    load_contracts,
)
from ingest.projections.arrow import raw_schema
from ingest.projections.dictionary import dictionary_rows
from ingest.projections.odcs import export, odcs_schema, odcs_yaml
from ingest.projections.specification import specification
from ingest.projections.template import template, template_fields
from ingest.projections.wording import file_name, matches

CONTRACTS = load_contracts()
AGREEMENTS = load_agreements()
KEYS = sorted(CONTRACTS)
FOUNDATION = (
    "council/cin_census",
    "council/missing_and_return_interviews",
    "health/looked_after_health_assessments",
    "partnership/board_attendance",
    "partnership/training_attendance",
    "police/missing_episodes",
    "published/dfe_child_protection",
    "published/dfe_children_in_need",
    "published/ons_population",
    "published/statistical_neighbours",
    "school/safeguarding_return",
    "school/school_register",
)
TABLES = [(k, t.name) for k in KEYS for t in CONTRACTS[k].tables]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the contracts that a test may break."""
    target = tmp_path / "contracts"
    shutil.copytree(CONTRACTS_DIR, target)
    return target


def edit(path: Path, change: object) -> None:
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert callable(change)
    change(raw)
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")


def test_the_twelve_extracts_of_the_foundation_are_there_and_agreed() -> None:
    assert set(KEYS) >= set(FOUNDATION)
    for key in FOUNDATION:
        for submitter in CONTRACTS[key].submitters:
            assert len(AGREEMENTS.for_flow(key, submitter)) == 1, (key, submitter)


# -- strictness ------------------------------------------------------------------------------------------------------

POLICE = "police/missing_episodes.yml"


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.update(surprise=1),
        lambda raw: raw["delivery"].update(surprise=1),
        lambda raw: raw["tables"]["episodes"].update(surprise=1),
        lambda raw: raw["tables"]["episodes"]["fields"]["episode_ref"].update(surprise=1),
        lambda raw: raw["tables"]["episodes"]["rules"][0].update(surprise=1),
        lambda raw: raw["tables"]["episodes"]["rules"][0]["args"].update(column="no_such_field"),
        lambda raw: raw["tables"]["episodes"].update(grain=["no_such_field"]),
        lambda raw: raw["tables"]["episodes"]["identity"].update(local_id="no_such_field"),
        lambda raw: raw["tables"]["episodes"]["fields"]["risk_grade"].update(codelist="no_such_list"),
        lambda raw: raw["tables"]["episodes"]["fields"].update(brand_new={"label": "no type"}),
        lambda raw: raw["tables"]["episodes"]["fields"].update(
            {"Not-A-Name": {"type": "string", "label": "x"}}
        ),
        lambda raw: raw["tables"]["episodes"]["fields"].update(received_at={"type": "string", "label": "x"}),
        lambda raw: raw.update(agency="health"),
        lambda raw: raw.update(submitters=["nobody"]),
        lambda raw: raw["tables"]["episodes"]["rules"].append(
            copy.deepcopy(raw["tables"]["episodes"]["rules"][0])
        ),
    ],
)
def test_a_contract_with_anything_unknown_is_refused_by_name(tree: Path, change: object) -> None:
    edit(tree / POLICE, change)
    with pytest.raises(ContractError, match=r"missing_episodes\.yml"):
        load_contracts(tree)


def test_a_code_list_target_must_be_a_code() -> None:
    with pytest.raises(ValueError, match="targets that are not codes"):
        CodeList(name="x", title="x", source="x", codes=(Code(code="A", label="a"),), fixable={"aye": "B"})
    with pytest.raises(ValueError, match="targets that are not codes"):
        CodeList(name="x", title="x", source="x", codes=(Code(code="A", label="a", maps_to="Z"),))


def test_a_field_may_use_a_shared_definition_and_override_it(tree: Path) -> None:
    ethnicity = CONTRACTS["police/missing_episodes"].by_table["episodes"].by_name["ethnicity"]
    assert (ethnicity.codelist, ethnicity.ssd) == ("police_ethnicity", "pers_ethnicity")
    notes = CONTRACTS["council/missing_and_return_interviews"].by_table["episodes"].by_name["notes"]
    assert (notes.name, notes.treatment) == ("notes", Treatment.drop)
    edit(
        tree / POLICE,
        lambda raw: raw["tables"]["episodes"]["fields"].update(second={"use": "postcode", "max_length": 4}),
    )
    second = load_contracts(tree)["police/missing_episodes"].by_table["episodes"].by_name["second"]
    assert (second.max_length, second.treatment) == (4, Treatment.identity)


# -- code lists ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(CONTRACTS.codelists))
def test_a_code_list_is_used_and_unambiguous(name: str) -> None:
    codelist = CONTRACTS.codelists[name]
    used = {f.codelist for e in CONTRACTS.values() for t in e.tables for f in t.fields}
    assert name in used or name == "yes_no"  # booleans are judged by it
    assert len(codelist.by_code) == len(codelist.codes), "a code twice"
    folded = [c.code.casefold() for c in codelist.codes]
    assert len(set(folded)) == len(folded), "two codes that differ only in case"
    for spelling, code in codelist.fixable.items():
        own = next((c.code for c in codelist.codes if c.code.casefold() == spelling), None)
        assert own is None or own == code, f"{spelling} is a code and a spelling of another"
        assert spelling not in {b.casefold() for b in codelist.known_bad}
    for code in codelist.codes:
        assert code.label.strip()
        target = codelist.by_code[code.maps_to] if code.maps_to else None
        assert target is None or target.maps_to is None, "a code maps to one that maps on"


@pytest.mark.parametrize("name", ["ethnicity", "nhs_ethnicity", "police_ethnicity"])
def test_every_ethnicity_has_one_of_the_published_groups(name: str) -> None:
    assert {c.broad for c in CONTRACTS.codelists[name].codes} == {
        "White",
        "Mixed",
        "Asian",
        "Black",
        "Other",
        "Unknown",
    }


def test_sex_of_the_census_is_dated_and_of_our_own_extracts_is_not() -> None:
    for year, codes in {2024: {"1", "2", "0", "9"}, 2025: {"M", "F", "U"}}.items():
        assert {c.code for c in CONTRACTS.codelists["sex"].codes if c.in_force(year)} == codes
        assert {c.code for c in CONTRACTS.codelists["person_sex"].codes if c.in_force(year)} == {
            "M",
            "F",
            "U",
        }
    for name in ("sex", "person_sex"):
        stored = CONTRACTS.codelists[name].stored()
        assert [stored[s] for s in ("1", "2", "9", "m", "female", "fenale")] == ["M", "F", "U", "M", "F", "F"]


# -- tables ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("key", "name"), TABLES)
def test_headers_are_unambiguous_after_folding(key: str, name: str) -> None:
    """Two fields of a table must not claim the same heading, however it is written."""
    table = CONTRACTS[key].by_table[name]
    keep = set(string.ascii_lowercase + string.digits + "./+")
    claimed: dict[str, str] = {}
    for field in table.fields:
        assert field.headers, f"{field.name} has no heading"
        for header in {"".join(c for c in h.casefold() if c in keep) for h in field.headers}:
            assert claimed.setdefault(header, field.name) == field.name, header


@pytest.mark.parametrize(("key", "name"), TABLES)
def test_identifiers_free_text_and_names_never_reach_the_raw_schema(key: str, name: str) -> None:
    table = CONTRACTS[key].by_table[name]
    stored = set(raw_schema(CONTRACTS[key], table).names)
    for field in table.fields:
        if field.treatment in (Treatment.identity, Treatment.drop):
            assert field.name not in stored
    for role, field_name in (table.identity.fields if table.identity else {}).items():
        coarse = {Treatment.identity, Treatment.month, Treatment.district}
        wanted = coarse if role != "sex" else {Treatment.keep}
        assert table.by_name[field_name].treatment in wanted, f"{role} is kept as it is"


@pytest.mark.parametrize(("key", "name"), TABLES)
def test_rules_read_as_sentences_and_say_what_to_do(key: str, name: str) -> None:
    for rule in derived_rules(CONTRACTS[key], CONTRACTS[key].by_table[name]):
        for words in (rule.says, rule.fix):
            assert words[0].isupper() and words.endswith("."), f"{rule.id}: {words}"
        assert rule.id.startswith((CONTRACTS[key].extract, *CONTRACTS[key].code.split("/"), "CIN", "903"))


def test_a_rule_id_means_one_thing_everywhere() -> None:
    ids = [r.id for e in CONTRACTS.values() for t in e.tables for r in derived_rules(e, t)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("key", KEYS)
def test_an_extract_says_where_its_period_and_its_sender_are_stated(key: str) -> None:
    extract = CONTRACTS[key]
    for origin in (*extract.delivery.period_from, *extract.delivery.submitter_from):
        if origin.kind == "column":
            assert origin.field in extract.by_table[str(origin.table)].by_name
        if origin.kind == "xml":
            assert origin.path
    if extract.agency != "published":
        tables = extract.tables if extract.delivery.format == "csv_set" else (None,)
        for table in tables:
            assert matches(extract, file_name(extract, extract.submitters[0], table)), (
                "the name we ask for is not one we recognise"
            )


def test_the_warehouses_list_of_standards_is_the_returns_own() -> None:
    path = CONTRACTS_DIR.parents[1] / "dbt_project" / "seeds" / "safeguarding_standard.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        seed = {
            r["question"]: f"{r['standard_number']} {r['standard_title']}" for r in csv.DictReader(handle)
        }
    fields = CONTRACTS["school/safeguarding_return"].by_table["responses"].fields
    assert seed == {f.name: f.headers[0] for f in fields if f.codelist == "standard_answer"}


# -- agreements ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("agreement_id", sorted(AGREEMENTS))
def test_an_agreement_decides_on_every_field_of_the_contract_and_on_no_other(agreement_id: str) -> None:
    agreement = AGREEMENTS[agreement_id]
    assert check_agreement(agreement, CONTRACTS) == []
    for key, flow in agreement.flows.items():
        if flow.every_field:
            continue
        undecided = [
            f"{t.name}.{f.name}"
            for t in CONTRACTS[key].tables
            for f in t.fields
            if flow.tables.get(t.name, TableTerms()).necessity(f.name) == "not_agreed"
        ]
        assert undecided == [], key


def test_nobody_is_asked_for_a_column_that_is_prohibited() -> None:
    """A column that must not be sent is never reported as missing."""
    for extract in CONTRACTS.values():
        for table in extract.tables:
            assert all(
                f.optional_column and not f.required for f in table.fields if f.treatment is Treatment.drop
            )


def test_free_text_and_names_of_staff_are_prohibited() -> None:
    for agreement in AGREEMENTS.values():
        for key, flow in agreement.flows.items():
            for table in CONTRACTS[key].tables:
                for field in table.fields:
                    if field.treatment is Treatment.drop:
                        assert flow.tables[table.name].necessity(field.name) == "prohibited", (
                            f"{key}.{field.name}"
                        )


def _with(agreements: Agreements, agreement_id: str, key: str, table: str, **lists: tuple[str, ...]):
    agreement = agreements[agreement_id]
    flow = agreement.flows[key]
    terms = flow.tables[table].model_copy(update=lists)
    flow = flow.model_copy(update={"tables": {**flow.tables, table: terms}})
    return agreement.model_copy(update={"flows": {**agreement.flows, key: flow}})


def test_a_field_that_the_contract_does_not_have_is_an_error() -> None:
    broken = _with(AGREEMENTS, "ISA-POLICE", "police/missing_episodes", "episodes", optional=("shoe_size",))
    assert check_agreement(broken, CONTRACTS) == [
        "ISA-POLICE: police/missing_episodes.episodes: the contract has no field shoe_size"
    ]


def test_an_identifier_flows_for_linkage_only_and_free_text_not_at_all() -> None:
    problems = check_agreement(
        _with(
            AGREEMENTS,
            "ISA-POLICE",
            "police/missing_episodes",
            "episodes",
            optional=("nhs_number", "circumstances"),
            linkage_only=(),
            prohibited=(),
        ),
        CONTRACTS,
    )
    assert [p for p in problems if "linkage only" in p and "nhs_number" in p]
    assert [p for p in problems if "no agreement lets us keep" in p and "circumstances" in p]


def test_an_agreement_file_with_an_unknown_key_is_refused_by_name(tmp_path: Path) -> None:
    from ingest.agreement import AGREEMENTS_DIR

    shutil.copytree(AGREEMENTS_DIR, tmp_path, dirs_exist_ok=True)
    (tmp_path / "police.yml").write_text((tmp_path / "police.yml").read_text() + "surprise: 1\n")
    with pytest.raises(AgreementError, match=r"police\.yml"):
        load_agreements(tmp_path)


# -- projections of every contract ------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS)
def test_the_odcs_export_is_valid_by_model_and_by_schema(key: str) -> None:
    text = odcs_yaml(CONTRACTS, key, AGREEMENTS)
    document = OpenDataContractStandard.from_string(text)
    assert [o.name for o in document.schema_ or []] == [t.name for t in CONTRACTS[key].tables]
    jsonschema.Draft201909Validator(odcs_schema()).validate(yaml.safe_load(text))


def test_the_dictionary_has_a_row_for_every_field_and_says_something_of_each() -> None:
    rows = dictionary_rows(CONTRACTS, AGREEMENTS)
    assert len(rows) == sum(len(t.fields) for e in CONTRACTS.values() for t in e.tables)
    assert len({tuple(r) for r in rows}) == 1, "the columns differ"
    assert all(r["label"] and r["headers"] for r in rows)
    assert all(r["necessity"] != "not_agreed" for r in rows)


def test_an_extract_without_an_agreement_has_its_documents_and_says_so() -> None:
    none = Agreements([], CONTRACTS)
    text = specification(CONTRACTS, "police/missing_episodes", none)
    assert "No agreement covers this return yet" in text
    made = template(CONTRACTS, "police/missing_episodes", none)
    assert made is not None and str(made[1]).startswith("EpisodeRef,")


def test_the_export_is_one_file_a_contract(tmp_path: Path) -> None:
    assert export(CONTRACTS, tmp_path) == len(CONTRACTS) == len(list(tmp_path.glob("*.odcs.yaml")))


@pytest.mark.parametrize("key", [k for k in KEYS if not CONTRACTS[k].licence])
def test_a_specification_names_every_field_rule_and_code(key: str) -> None:
    text = specification(CONTRACTS, key, AGREEMENTS)
    extract = CONTRACTS[key]
    for table in extract.tables:
        for field in table.fields:
            assert f"`{field.headers[0]}`" in text
            for code in CONTRACTS.codelists[field.codelist].codes if field.codelist else ():
                assert f"`{code.code}`" in text
        for rule in table.rules:
            assert rule.id in text and rule.says in text
    assert "_id" not in text.split("## What happens next")[1]


@pytest.mark.parametrize("key", [k for k in KEYS if CONTRACTS[k].delivery.format == "csv"])
def test_a_csv_template_has_the_headings_and_one_example(key: str) -> None:
    made = template(CONTRACTS, key, AGREEMENTS)
    assert made is not None and isinstance(made[1], str)
    header, row = csv.reader(io.StringIO(made[1]))
    table = CONTRACTS[key].tables[0]
    assert header == [f.headers[0] for f in template_fields(CONTRACTS[key], table, AGREEMENTS)]
    for field, cell in zip(template_fields(CONTRACTS[key], table, AGREEMENTS), row, strict=True):
        assert cell or not field.required, field.name


@pytest.mark.parametrize("key", [k for k in KEYS if CONTRACTS[k].delivery.format == "xlsx"])
def test_a_workbook_template_opens_and_states_its_period_where_the_contract_looks(key: str) -> None:
    import re

    from openpyxl import load_workbook

    made = template(CONTRACTS, key, AGREEMENTS)
    assert made is not None and isinstance(made[1], bytes)
    book = load_workbook(io.BytesIO(made[1]))
    extract = CONTRACTS[key]
    for table in extract.tables:
        sheet = book[str(table.source.sheet)]
        cells = [[c.value for c in row] for row in sheet.iter_rows()]
        titled = any(o.kind == "title" for o in extract.delivery.period_from)
        header = cells[table.source.header_rows + (1 if titled else -1)]
        assert [h for h in header if h] == [f.headers[0] for f in template_fields(extract, table, AGREEMENTS)]
        for origin in extract.delivery.period_from:
            if origin.kind == "title":
                assert re.search(str(origin.pattern), str(cells[0][0]))


# -- layouts by year --------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(key=st.sampled_from(KEYS), year=st.integers(2015, 2030))
def test_a_years_layout_is_part_of_the_whole_and_its_rules_read_only_its_fields(key: str, year: int) -> None:
    extract, layout = CONTRACTS[key], CONTRACTS[key].at(year)
    assert {t.name for t in layout.tables} <= {t.name for t in extract.tables}
    for table in layout.tables:
        names = set(table.by_name)
        assert names <= set(extract.by_table[table.name].by_name)
        for rule in derived_rules(layout, table):
            assert set(rule.columns) <= names, rule.id


def test_a_rule_of_every_kind_states_the_columns_it_reads() -> None:
    rule = Rule(
        id="X",
        kind=RuleKind.not_after,
        args={"column": "a", "other": "b"},
        severity="warn",
        says="A.",
        fix="B.",
    )  # pyright: ignore[reportArgumentType]
    assert rule.columns == ("a", "b")
    assert all(
        f.formats for e in CONTRACTS.values() for t in e.tables for f in t.fields if f.type is FieldType.date
    )


# -- several codes in a cell, and figures that are never broken down --------------------------------------------------


def test_a_field_of_several_codes_says_so_to_the_sender_and_to_the_warehouse() -> None:
    from ingest.projections.dbt_sources import source_yaml

    extract = CONTRACTS["partnership/incident_reviews"]
    assert extract.by_table["reviews"].by_name["themes"].split
    assert "put ; between them" in specification(CONTRACTS, extract.key, AGREEMENTS)
    assert "Codes joined by ;" in source_yaml(extract)


def test_only_a_code_field_may_be_split_and_only_by_what_no_spelling_has(tree: Path) -> None:
    path = tree / "partnership" / "audits.yml"
    edit(path, lambda raw: raw["tables"]["audits"]["fields"]["audit_ref"].update(split=";"))
    with pytest.raises(ContractError, match=r"audits\.yml"):
        load_contracts(tree)
    shutil.copy(CONTRACTS_DIR / "partnership" / "audits.yml", path)
    edit(path, lambda raw: raw["tables"]["audits"]["fields"]["themes"].update(split="-"))
    with pytest.raises(ContractError, match="separator"):
        load_contracts(tree)


def test_a_return_that_is_never_broken_down_tells_its_sender() -> None:
    small = [k for k in KEYS if CONTRACTS[k].no_breakdown]
    assert {"partnership/incident_reviews", "partnership/restraint"} <= set(small)
    for key in KEYS:
        if not CONTRACTS[key].licence:
            said = "ever shown below the whole partnership" in specification(CONTRACTS, key, AGREEMENTS)
            assert said is (key in small), key


def test_the_register_to_compare_with_has_every_agreed_field_once_a_purpose_and_sender() -> None:
    from ingest.projections.agreement_fields import agreement_fields

    head, *rows = agreement_fields(AGREEMENTS, CONTRACTS)
    found = [dict(zip(head, r, strict=True)) for r in rows]
    assert len({tuple(r.values())[:5] for r in found}) == len(found), "a field twice for one purpose"
    police = [
        r
        for r in found
        if r["extract_key"] == "police/missing_episodes" and r["field_name"] == "circumstances"
    ]
    assert {(r["sender"], r["permission"], r["agreement_id"]) for r in police} == {
        ("staffordshire_police", "PROHIBITED", "ISA-POLICE")
    }
    assert not [r for r in found if r["extract_key"].startswith("published/")]
