"""Every contract, code list and agreement loads, is strict, and agrees with the others.

One test a property: it walks everything there is and lists what is broken by contract, table and field.
"""

from __future__ import annotations

import copy
import csv
import io
import re
import shutil
import string
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from open_data_contract_standard.model import OpenDataContractStandard
from openpyxl import load_workbook
from pydantic import ValidationError

from ingest.agreement import (
    AGREEMENTS_DIR,
    AgreementError,
    Agreements,
    TableTerms,
    check_agreement,
    load_agreements,
)
from ingest.contract import (
    CONTRACTS_DIR,
    Code,
    CodeList,
    ContractError,
    Extract,
    FieldSpec,
    FieldType,
    Rule,
    RuleKind,
    Table,
    Treatment,
    derived_rules,
    load_contracts,
    read_yaml,
)
from ingest.projections.agreement_fields import agreement_fields
from ingest.projections.arrow import raw_schema
from ingest.projections.dbt_sources import source_name, source_yaml
from ingest.projections.dictionary import dictionary_rows
from ingest.projections.odcs import export, odcs_schema
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


def every_table() -> Iterator[tuple[str, Extract, Table]]:
    """(where it stands, its extract, the table) of every contract."""
    for key, extract in CONTRACTS.items():
        for table in extract.tables:
            yield f"{key}.{table.name}", extract, table


def every_field() -> Iterator[tuple[str, FieldSpec]]:
    for place, _, table in every_table():
        for field in table.fields:
            yield f"{place}.{field.name}", field


def every_rule() -> Iterator[tuple[str, Extract, Rule]]:
    """With the rules that follow from fields and grain."""
    for place, extract, table in every_table():
        for rule in derived_rules(extract, table):
            yield f"{place}: {rule.id}", extract, rule


@cache
def sheet(key: str) -> str:
    return specification(CONTRACTS, key, AGREEMENTS)


def test_the_twelve_extracts_of_the_foundation_are_there_and_agreed() -> None:
    assert set(FOUNDATION) - set(KEYS) == set()
    agreed = {(k, s): len(AGREEMENTS.for_flow(k, s)) for k in FOUNDATION for s in CONTRACTS[k].submitters}
    assert {flow: count for flow, count in agreed.items() if count != 1} == {}


# -- strictness ------------------------------------------------------------------------------------------------------

POLICE, AUDITS = "police/missing_episodes", "partnership/audits"


def code_lists_of(key: str) -> set[str]:
    """The code lists that an extract names, and those whose codes they share."""
    own = {f.codelist for t in CONTRACTS[key].tables for f in t.fields if f.codelist}
    shared = {read_yaml(CONTRACTS_DIR / "_codelists" / f"{name}.yml").get("codes_of") for name in own}
    return own | (shared - {None})


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two contracts that a test may break, with all that they rest on: no contract reads another one's file."""
    lists = {f"_codelists/{name}" for key in (POLICE, AUDITS) for name in code_lists_of(key)}
    for name in ("_fields", "_agencies", POLICE, AUDITS, *sorted(lists)):
        target = tmp_path / "contracts" / f"{name}.yml"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CONTRACTS_DIR / f"{name}.yml", target)
    return tmp_path / "contracts"


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    raw = read_yaml(path)
    change(raw)
    path.write_text(yaml.safe_dump(raw, sort_keys=False, allow_unicode=True), encoding="utf-8")


def test_a_contract_means_the_same_without_the_others_and_written_anew(tree: Path) -> None:
    """Otherwise the refusals below could come from the smaller tree and not from what a test broke in it."""
    for key in (POLICE, AUDITS):
        edit(tree / f"{key}.yml", lambda raw: None)
    assert dict(load_contracts(tree)) == {key: CONTRACTS[key] for key in (AUDITS, POLICE)}


def episodes(raw: dict[str, Any]) -> dict[str, Any]:
    return raw["tables"]["episodes"]


def one_more_field(name: str, **spec: str) -> Callable[[dict[str, Any]], object]:
    return lambda raw: episodes(raw)["fields"].update({name: spec})


#: What is broken -> what the refusal says of it, and how it is broken.
BROKEN: dict[str, tuple[str, Callable[[dict[str, Any]], object]]] = {
    "unknown word in the contract": ("surprise", lambda raw: raw.update(surprise=1)),
    "unknown word in the delivery": ("delivery.surprise", lambda raw: raw["delivery"].update(surprise=1)),
    "unknown word in a table": ("surprise", lambda raw: episodes(raw).update(surprise=1)),
    "unknown word in a field": (
        "episodes.episode_ref",
        lambda raw: episodes(raw)["fields"]["episode_ref"].update(surprise=1),
    ),
    "unknown word in a rule": ("rules.0.surprise", lambda raw: episodes(raw)["rules"][0].update(surprise=1)),
    "unknown field in a rule": (
        "no_such_field",
        lambda raw: episodes(raw)["rules"][0]["args"].update(column="no_such_field"),
    ),
    "unknown field in the grain": (
        "no_such_field",
        lambda raw: episodes(raw).update(grain=["no_such_field"]),
    ),
    "unknown field in the identity": (
        "no_such_field",
        lambda raw: episodes(raw)["identity"].update(local_id="no_such_field"),
    ),
    "unknown code list": (
        "no code list no_such_list",
        lambda raw: episodes(raw)["fields"]["risk_grade"].update(codelist="no_such_list"),
    ),
    "field without a type": ("needs a type", one_more_field("brand_new", label="no type")),
    "field name that is not one": ("not snake_case", one_more_field("Not-A-Name", type="string", label="x")),
    "field name that is ours": (
        "every staged row has",
        one_more_field("received_at", type="string", label="x"),
    ),
    "another agency's folder": ("must lie at health", lambda raw: raw.update(agency="health")),
    "unknown submitter": ("unknown submitters ['nobody']", lambda raw: raw.update(submitters=["nobody"])),
    "rule id used twice": (
        "used twice: ['PO01-ORDER']",
        lambda raw: episodes(raw)["rules"].append(copy.deepcopy(episodes(raw)["rules"][0])),
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_contract_with_anything_unknown_is_refused_by_name(tree: Path, what: str) -> None:
    says, change = BROKEN[what]
    edit(tree / f"{POLICE}.yml", change)
    with pytest.raises(ContractError, match=r"missing_episodes\.yml") as refused:
        load_contracts(tree)
    assert says in str(refused.value)


def test_a_code_list_target_must_be_a_code() -> None:
    with pytest.raises(ValueError, match="targets that are not codes"):
        CodeList(name="x", title="x", source="x", codes=(Code(code="A", label="a"),), fixable={"aye": "B"})
    with pytest.raises(ValueError, match="targets that are not codes"):
        CodeList(name="x", title="x", source="x", codes=(Code(code="A", label="a", maps_to="Z"),))


def test_a_field_may_use_a_shared_definition_and_override_it(tree: Path) -> None:
    ethnicity = CONTRACTS[POLICE].by_table["episodes"].by_name["ethnicity"]
    assert (ethnicity.codelist, ethnicity.ssd) == ("police_ethnicity", "pers_ethnicity")
    notes = CONTRACTS["council/missing_and_return_interviews"].by_table["episodes"].by_name["notes"]
    assert (notes.name, notes.treatment) == ("notes", Treatment.drop)
    edit(
        tree / f"{POLICE}.yml",
        lambda raw: episodes(raw)["fields"].update(second={"use": "postcode", "max_length": 4}),
    )
    second = load_contracts(tree)[POLICE].by_table["episodes"].by_name["second"]
    assert (second.max_length, second.treatment) == (4, Treatment.identity)


def test_only_a_code_field_may_be_split_and_only_by_what_no_spelling_has(tree: Path) -> None:
    path = tree / f"{AUDITS}.yml"
    edit(path, lambda raw: raw["tables"]["audits"]["fields"]["audit_ref"].update(split=";"))
    with pytest.raises(ContractError, match=r"audits\.yml"):
        load_contracts(tree)
    shutil.copy(CONTRACTS_DIR / f"{AUDITS}.yml", path)
    edit(path, lambda raw: raw["tables"]["audits"]["fields"]["themes"].update(split="-"))
    with pytest.raises(ContractError, match="separator"):
        load_contracts(tree)


# -- code lists ------------------------------------------------------------------------------------------------------


def test_every_code_list_is_used() -> None:
    used = {field.codelist for _, field in every_field()}
    assert set(CONTRACTS.codelists) - used - {"yes_no"} == set()  # booleans are judged by yes_no


def test_no_code_list_has_a_code_twice_however_it_is_written() -> None:
    times = {n: Counter(c.code.casefold() for c in lst.codes) for n, lst in CONTRACTS.codelists.items()}
    assert [f"{name}: {code}" for name, found in times.items() for code in found if found[code] > 1] == []


def test_no_spelling_of_a_code_list_means_two_things() -> None:
    wrong = []
    for name, codelist in CONTRACTS.codelists.items():
        own = {c.code.casefold(): c.code for c in codelist.codes}
        bad = {b.casefold() for b in codelist.known_bad}
        for spelling, code in codelist.fixable.items():
            if own.get(spelling, code) != code:
                wrong.append(f"{name}: {spelling} is a code and a spelling of {code}")
            if spelling in bad:
                wrong.append(f"{name}: {spelling} is a spelling of {code} and known to be bad")
    assert wrong == []


def test_every_code_has_a_label_and_maps_to_one_that_maps_no_further() -> None:
    wrong = []
    for name, codelist in CONTRACTS.codelists.items():
        for code in codelist.codes:
            if not code.label.strip():
                wrong.append(f"{name}: {code.code} has no label")
            if code.maps_to and codelist.by_code[code.maps_to].maps_to is not None:
                wrong.append(f"{name}: {code.code} maps to {code.maps_to}, which maps on")
    assert wrong == []


def test_every_ethnicity_has_one_of_the_published_groups() -> None:
    published = {"White", "Mixed", "Asian", "Black", "Other", "Unknown"}
    lists = ("ethnicity", "nhs_ethnicity", "police_ethnicity")
    groups = {name: {c.broad for c in CONTRACTS.codelists[name].codes} for name in lists}
    assert groups == dict.fromkeys(lists, published)


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


def test_every_field_has_a_heading() -> None:
    assert [place for place, field in every_field() if not field.headers] == []


def test_no_two_fields_of_a_table_claim_the_same_heading_however_it_is_written() -> None:
    keep = set(string.ascii_lowercase + string.digits + "./+")
    twice = []
    for place, _, table in every_table():
        claimed: dict[str, str] = {}
        for field in table.fields:
            for heading in sorted({"".join(c for c in h.casefold() if c in keep) for h in field.headers}):
                if (first := claimed.setdefault(heading, field.name)) != field.name:
                    twice.append(f"{place}: {heading} is {first} and {field.name}")
    assert twice == []


def test_identifiers_free_text_and_names_never_reach_the_raw_schema() -> None:
    hidden = (Treatment.identity, Treatment.drop)
    stored = {place: set(raw_schema(extract, table).names) for place, extract, table in every_table()}
    assert [
        f"{place}.{field.name}"
        for place, _, table in every_table()
        for field in table.fields
        if field.treatment in hidden and field.name in stored[place]
    ] == []


def test_nothing_that_says_who_a_child_is_is_kept_as_it_is_but_the_sex() -> None:
    coarse = {Treatment.identity, Treatment.month, Treatment.district}
    assert [
        f"{place}.{field}, the {role}, has treatment {treatment.value}"
        for place, _, table in every_table()
        for role, field in (table.identity.fields if table.identity else {}).items()
        if (treatment := table.by_name[field].treatment)
        not in ({Treatment.keep} if role == "sex" else coarse)
    ] == []


def test_rules_read_as_sentences_and_say_what_to_do() -> None:
    assert [
        f"{place}: {words!r}"
        for place, _, rule in every_rule()
        for words in (rule.says, rule.fix)
        if not (words[:1].isupper() and words.endswith("."))
    ] == []


def test_the_id_of_a_rule_says_whose_it_is() -> None:
    assert [
        place
        for place, extract, rule in every_rule()
        if not rule.id.startswith((extract.extract, *extract.code.split("/"), "CIN", "903"))
    ] == []


def test_a_rule_id_means_one_thing_everywhere() -> None:
    times = Counter(rule.id for _, _, rule in every_rule())
    assert [place for place, _, rule in every_rule() if times[rule.id] > 1] == []


def test_an_extract_says_where_its_period_and_its_sender_are_stated() -> None:
    lost = []
    for key, extract in CONTRACTS.items():
        for origin in (*extract.delivery.period_from, *extract.delivery.submitter_from):
            table = extract.by_table.get(str(origin.table))
            if origin.kind == "column" and (table is None or origin.field not in table.by_name):
                lost.append(f"{key}: no column {origin.table}.{origin.field}")
            if origin.kind == "xml" and not origin.path:
                lost.append(f"{key}: XML without a path")
    assert lost == []


def test_a_file_name_that_we_ask_for_is_one_that_we_recognise() -> None:
    asked = [
        (place, extract, file_name(extract, extract.submitters[0], table))
        for place, extract, table in every_table()
        if extract.agency != "published"
    ]
    assert [f"{place}: {name}" for place, extract, name in asked if not matches(extract, name)] == []


def test_the_warehouses_list_of_standards_is_the_returns_own() -> None:
    path = CONTRACTS_DIR.parents[1] / "dbt_project" / "seeds" / "safeguarding_standard.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        seed = {
            r["question"]: f"{r['standard_number']} {r['standard_title']}" for r in csv.DictReader(handle)
        }
    fields = CONTRACTS["school/safeguarding_return"].by_table["responses"].fields
    assert seed == {f.name: f.headers[0] for f in fields if f.codelist == "standard_answer"}


def test_every_date_declares_its_formats() -> None:
    assert [place for place, f in every_field() if f.type is FieldType.date and not f.formats] == []


# -- agreements ------------------------------------------------------------------------------------------------------


def every_term() -> Iterator[tuple[str, FieldSpec, str]]:
    """(where, field, necessity) of every field of every extract under an agreement that lists fields."""
    for agreement in AGREEMENTS.values():
        for key, flow in agreement.flows.items():
            for table in CONTRACTS[key].tables if not flow.every_field else ():
                terms = flow.tables.get(table.name, TableTerms())
                for f in table.fields:
                    yield f"{agreement.id}: {key}.{table.name}.{f.name}", f, terms.necessity(f.name)


def test_an_agreement_decides_on_every_field_of_the_contract_and_on_no_other() -> None:
    assert [problem for a in AGREEMENTS.values() for problem in check_agreement(a, CONTRACTS)] == []
    assert [place for place, _, necessity in every_term() if necessity == "not_agreed"] == []


def test_nobody_is_asked_for_a_column_that_is_prohibited() -> None:
    """A column that must not be sent is never reported as missing."""
    dropped = [(place, f) for place, f in every_field() if f.treatment is Treatment.drop]
    assert [place for place, f in dropped if f.required or not f.optional_column] == []


def test_free_text_and_names_of_staff_are_prohibited() -> None:
    assert [
        f"{place} is {necessity}"
        for place, field, necessity in every_term()
        if field.treatment is Treatment.drop and necessity != "prohibited"
    ] == []


def test_open_data_has_no_free_text_and_no_names() -> None:
    """An agreement on open data takes every field, so it cannot prohibit one."""
    whole = {key for a in AGREEMENTS.values() for key, flow in a.flows.items() if flow.every_field}
    assert [
        f"{place}.{field.name}"
        for place, extract, table in every_table()
        for field in table.fields
        if extract.key in whole and field.treatment is Treatment.drop
    ] == []


def _with(agreements: Agreements, agreement_id: str, key: str, table: str, **lists: tuple[str, ...]):
    agreement = agreements[agreement_id]
    flow = agreement.flows[key]
    terms = flow.tables[table].model_copy(update=lists)
    flow = flow.model_copy(update={"tables": {**flow.tables, table: terms}})
    return agreement.model_copy(update={"flows": {**agreement.flows, key: flow}})


def test_a_field_that_the_contract_does_not_have_is_an_error() -> None:
    broken = _with(AGREEMENTS, "ISA-POLICE", POLICE, "episodes", optional=("shoe_size",))
    assert check_agreement(broken, CONTRACTS) == [
        "ISA-POLICE: police/missing_episodes.episodes: the contract has no field shoe_size"
    ]


def test_an_identifier_flows_for_linkage_only_and_free_text_not_at_all() -> None:
    problems = check_agreement(
        _with(
            AGREEMENTS,
            "ISA-POLICE",
            POLICE,
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
    whole = (AGREEMENTS_DIR / "police.yml").read_text(encoding="utf-8")
    (tmp_path / "police.yml").write_text(whole, encoding="utf-8")
    assert list(load_agreements(tmp_path)) == ["ISA-POLICE"]
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "police.yml").write_text(f"{whole}surprise: 1\n", encoding="utf-8")
    with pytest.raises(AgreementError, match=r"police\.yml"):
        load_agreements(tmp_path / "broken")


def test_the_register_to_compare_with_has_every_agreed_field_once_a_purpose_and_sender() -> None:
    head, *rows = agreement_fields(AGREEMENTS, CONTRACTS)
    found = [dict(zip(head, r, strict=True)) for r in rows]
    times = Counter(tuple(r.values())[:5] for r in found)
    assert [one for one in times if times[one] > 1] == [], "a field twice for one purpose"
    police = [r for r in found if r["extract_key"] == POLICE and r["field_name"] == "circumstances"]
    assert {(r["sender"], r["permission"], r["agreement_id"]) for r in police} == {
        ("staffordshire_police", "PROHIBITED", "ISA-POLICE")
    }
    assert [r for r in found if r["extract_key"].startswith("published/")] == []


# -- the standard and the dictionary ---------------------------------------------------------------------------------


def odcs_problems(extract: Extract, path: Path, schema: dict[str, Any]) -> list[str]:
    """What is wrong with an exported file: tables, the standard's model, its schema."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    raw = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    judge = jsonschema_rs.Draft201909Validator(schema)
    out = [f"{e.instance_path}: {e.message}"[:300] for e in judge.iter_errors(raw)]
    if [o["name"] for o in raw.get("schema", [])] != [t.name for t in extract.tables]:
        out.append("its tables are not the contract's")
    try:
        OpenDataContractStandard.model_validate(raw)
    except ValidationError as error:
        out.append(str(error))
    return out


def test_the_odcs_export_is_one_file_a_contract_valid_by_model_and_by_schema(tmp_path: Path) -> None:
    assert export(CONTRACTS, tmp_path) == len(CONTRACTS) == len(list(tmp_path.glob("*.odcs.yaml")))
    schema = odcs_schema()
    problems = {
        key: odcs_problems(extract, tmp_path / f"{source_name(extract)}.odcs.yaml", schema)
        for key, extract in CONTRACTS.items()
    }
    assert {key: wrong for key, wrong in problems.items() if wrong} == {}


def test_the_dictionary_has_a_row_for_every_field_and_says_something_of_each() -> None:
    rows = dictionary_rows(CONTRACTS, AGREEMENTS)
    places = [f"{r['agency']}/{r['extract']}.{r['table']}.{r['field']}" for r in rows]
    assert places == [place for place, _ in every_field()]
    assert len({tuple(r) for r in rows}) == 1, "the columns differ"
    assert [p for p, r in zip(places, rows, strict=True) if not (r["label"] and r["headers"])] == []
    assert [p for p, r in zip(places, rows, strict=True) if r["necessity"] == "not_agreed"] == []


# -- what senders are handed -----------------------------------------------------------------------------------------


def test_an_extract_without_an_agreement_has_its_documents_and_says_so() -> None:
    none = Agreements([], CONTRACTS)
    text = specification(CONTRACTS, POLICE, none)
    assert "No agreement covers this return yet" in text
    made = template(CONTRACTS, POLICE, none)
    assert made is not None and str(made[1]).startswith("EpisodeRef,")


def unsaid(extract: Extract) -> Iterator[str]:
    """What a sender needs to know and the specification does not say."""
    text = sheet(extract.key)
    for table in extract.tables:
        for field in table.fields:
            codes = CONTRACTS.codelists[field.codelist].codes if field.codelist else ()
            for word in (field.headers[0], *(c.code for c in codes)):
                if f"`{word}`" not in text:
                    yield f"{extract.key}.{table.name}.{field.name}: {word}"
        for rule in table.rules:
            if not (rule.id in text and rule.says in text):
                yield f"{extract.key}.{table.name}: {rule.id}"


def test_a_specification_names_every_field_rule_and_code() -> None:
    assert [missing for e in CONTRACTS.values() if not e.licence for missing in unsaid(e)] == []


def test_a_specification_does_not_speak_of_our_keys_after_what_happens_next() -> None:
    ends = {k: sheet(k).split("## What happens next")[1] for k, e in CONTRACTS.items() if not e.licence}
    assert [key for key, end in ends.items() if "_id" in end] == []


def csv_problems(extract: Extract) -> Iterator[str]:
    made = template(CONTRACTS, extract.key, AGREEMENTS)
    lines = list(csv.reader(io.StringIO(made[1]))) if made and isinstance(made[1], str) else []
    if len(lines) != 2:
        yield f"{extract.key}: not a heading and one example but {len(lines)} lines"
        return
    header, example = lines
    fields = template_fields(extract, extract.tables[0], AGREEMENTS)
    if header != [f.headers[0] for f in fields]:
        yield f"{extract.key}: headings {header}"
    if len(example) != len(fields):
        yield f"{extract.key}: an example of {len(example)} cells for {len(fields)} fields"
    blank = [f for f, cell in zip(fields, example, strict=False) if f.required and not cell]
    yield from (f"{extract.key}.{f.name}: the example is blank" for f in blank)


def test_a_csv_template_has_the_headings_and_one_example() -> None:
    made = [e for e in CONTRACTS.values() if e.delivery.format == "csv"]
    assert [problem for extract in made for problem in csv_problems(extract)] == []


def workbook_problems(extract: Extract) -> Iterator[str]:
    made = template(CONTRACTS, extract.key, AGREEMENTS)
    assert made is not None and isinstance(made[1], bytes), extract.key
    book = load_workbook(io.BytesIO(made[1]))
    titles = [o for o in extract.delivery.period_from if o.kind == "title"]
    for table in extract.tables:
        cells = [[c.value for c in row] for row in book[str(table.source.sheet)].iter_rows()]
        header = cells[table.source.header_rows + (1 if titles else -1)]
        fields = template_fields(extract, table, AGREEMENTS)
        if [h for h in header if h] != [f.headers[0] for f in fields]:
            yield f"{extract.key}.{table.name}: headings {header}"
        for origin in titles:
            if not re.search(str(origin.pattern), str(cells[0][0])):
                yield f"{extract.key}.{table.name}: no period in the title {cells[0][0]!r}"


def test_a_workbook_template_opens_and_states_its_period_where_the_contract_looks() -> None:
    made = [e for e in CONTRACTS.values() if e.delivery.format == "xlsx"]
    assert [problem for extract in made for problem in workbook_problems(extract)] == []


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


# -- several codes in a cell, and figures that are never broken down --------------------------------------------------


def test_a_field_of_several_codes_says_so_to_the_sender_and_to_the_warehouse() -> None:
    extract = CONTRACTS["partnership/incident_reviews"]
    assert extract.by_table["reviews"].by_name["themes"].split
    assert "put ; between them" in sheet(extract.key)
    assert "Codes joined by ;" in source_yaml(extract)


def test_a_return_that_is_never_broken_down_tells_its_sender_and_no_other_does() -> None:
    small = {key for key, extract in CONTRACTS.items() if extract.no_breakdown}
    assert {"partnership/incident_reviews", "partnership/restraint"} <= small
    sent = {key for key, extract in CONTRACTS.items() if not extract.licence}
    said = {key for key in sent if "ever shown below the whole partnership" in sheet(key)}
    assert said == small & sent
