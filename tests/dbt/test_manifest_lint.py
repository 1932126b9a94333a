"""House rules that dbt itself does not keep: one list of broken models each, so that a failure names what to mend."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ingest.contract import load_contracts
from tests.contracts.test_contract_coverage import OUR_OWN

pytestmark = pytest.mark.xdist_group("empty_lake")  # what dbt made of it is made once

Model = dict[str, Any]
Models = dict[str, Model]

#: fct_finding's grain is a position, not a key: a row may fail one rule in several columns, or a file as a whole.
NO_KEY = {"fct_finding"}
STAGING_CALL = re.compile(r"^\s*\{\{ staging\('(?P<source>[a-z0-9_]+)', '(?P<table>[a-z0-9_]+)'\) \}\}\s*$")
LAYERS = {
    "staging": "stg_",
    "conformed": ("dim_", "fct_", "bridge_", "int_"),
    "quality": ("fct_", "rec_", "dim_"),
}


def layer(model: Model) -> str:
    return Path(model["original_file_path"]).parts[1]


def is_generated(model: Model) -> bool:
    """A staging model that is one macro call: the contract says everything about it."""
    return bool(STAGING_CALL.match(model["raw_code"]))


def written(models: Models) -> Models:
    return {name: m for name, m in models.items() if layer(m) in ("conformed", "quality", "framework")}


def checks_of(manifest: dict[str, Any], model: Model) -> list[dict[str, Any]]:
    return [
        n
        for n in manifest["nodes"].values()
        if n["resource_type"] == "test" and n.get("attached_node") == model["unique_id"]
    ]


def test_every_contract_table_has_a_staging_model_of_one_line(models: Models) -> None:
    staged = {}
    for name, model in models.items():
        if layer(model) == "staging" and (call := STAGING_CALL.match(model["raw_code"])):
            staged[name] = (call["source"], call["table"])
    assert all(name == f"stg_{source}__{table}" for name, (source, table) in staged.items())
    wanted = {
        (f"{e.agency}__{e.extract}", t.name) for e in load_contracts().values() for t in e.tables
    }  # fmt: skip
    assert wanted - set(staged.values()) == set()


def test_every_written_model_has_a_description(models: Models) -> None:
    assert [name for name, m in written(models).items() if not m["description"]] == []


def test_every_written_model_has_its_own_yml_beside_it(models: Models) -> None:
    def beside(model: Model) -> bool:
        patch = model["patch_path"]
        return bool(patch) and patch.split("://")[1] == str(
            Path(model["original_file_path"]).with_suffix(".yml")
        )

    assert [name for name, m in written(models).items() if not beside(m)] == []


def test_every_column_of_a_contract_has_a_type_and_a_description(models: Models) -> None:
    bare = [
        f"{name}.{column['name']}"
        for name, m in written(models).items()
        for column in m["columns"].values()
        if not column["description"] or not column["data_type"]
    ]
    assert bare == []


def test_conformed_and_quality_models_keep_a_contract(models: Models) -> None:
    kept = {"conformed", "quality"}
    assert [
        n for n, m in models.items() if layer(m) in kept and not m["config"]["contract"]["enforced"]
    ] == []


def test_every_conformed_and_quality_model_has_a_primary_key_test(
    manifest: dict[str, Any], models: Models
) -> None:
    def has_key(model: Model) -> bool:
        return any(
            (t.get("test_metadata") or {}).get("name") in ("unique", "unique_combination")
            for t in checks_of(manifest, model)
        )

    wanted = {n: m for n, m in models.items() if layer(m) in ("conformed", "quality") and n not in NO_KEY}
    assert [name for name, m in wanted.items() if not has_key(m)] == []


def test_every_test_has_a_name_that_a_person_wrote(manifest: dict[str, Any]) -> None:
    def own(node: dict[str, Any]) -> bool:
        return not node.get("test_metadata") or node["name"] == node["alias"]

    nodes = [n for n in manifest["nodes"].values() if n["resource_type"] == "test"]
    assert [n["name"] for n in nodes if not own(n)] == []
    assert [n["name"] for n in nodes if len(n["name"]) > 90] == []


def test_layers_and_groups(models: Models) -> None:
    wrong = []
    for name, m in models.items():
        group = "framework" if layer(m) == "framework" else "preparation"
        if m["config"]["group"] != group:
            wrong.append(f"{name}: group {m['config']['group']}")
        if layer(m) == "staging" and m["access"] != "private":
            wrong.append(f"{name}: access {m['access']}")
        if layer(m) in LAYERS and not name.startswith(LAYERS[layer(m)]):
            wrong.append(f"{name}: the name does not say its layer")
    assert wrong == []


def test_only_staging_reads_sources(manifest: dict[str, Any], models: Models) -> None:
    reads = {n: [p for p in m["depends_on"]["nodes"] if p.startswith("source.")] for n, m in models.items()}
    assert {n: p for n, p in reads.items() if p and layer(models[n]) != "staging"} == {}
    assert {n: p for n, p in reads.items() if len(p) != 1 and is_generated(models[n])} == {}


def test_only_the_staging_macro_reads_rows_about_persons(manifest: dict[str, Any], models: Models) -> None:
    """Restricted persons are left out in one place. A model that read such rows past it would bring them back."""
    personal = {uid for uid, s in manifest["sources"].items() if "child_token" in s["columns"]}
    readers = {n: m for n, m in models.items() if personal & set(m["depends_on"]["nodes"])}
    assert len(readers) > 50
    own = {"stg_identity__person_map", "stg_identity__restricted_token"}
    assert sorted(n for n, m in readers.items() if not is_generated(m)) == sorted(own)
    restricted = models["stg_identity__restricted_token"]["unique_id"]
    assert [
        n for n, m in readers.items() if n not in own and restricted not in m["depends_on"]["nodes"]
    ] == []


def test_no_layer_reads_a_later_one(manifest: dict[str, Any], models: Models) -> None:
    order = {"staging": 0, "conformed": 1, "quality": 1, "framework": 2}
    back = [
        f"{name} <- {parent}"
        for name, m in models.items()
        for parent in m["depends_on"]["nodes"]
        if parent in manifest["nodes"]
        and manifest["nodes"][parent]["resource_type"] == "model"
        and order[layer(manifest["nodes"][parent])] > order[layer(m)]
    ]
    assert back == []


def test_every_fact_says_where_its_rows_come_from(models: Models) -> None:
    facts = {n: m for n, m in models.items() if n.startswith("fct_") and layer(m) == "conformed"}
    missing = {
        n: {"submission_id", "source_table", "source_row"} - set(m["columns"]) for n, m in facts.items()
    }
    assert {n: gone for n, gone in missing.items() if gone} == {}


def test_written_models_end_with_their_final_step(models: Models) -> None:
    mine = {n: m for n, m in models.items() if layer(m) in ("conformed", "quality")}
    assert [n for n, m in mine.items() if not m["raw_code"].rstrip().endswith("select * from final")] == []


def test_the_project_needs_no_network(manifest: dict[str, Any], project: Path) -> None:
    assert not (project / "packages.yml").exists()
    assert not (project / "dependencies.yml").exists()
    assert manifest["metadata"]["send_anonymous_usage_stats"] is False


#: What a figure could be broken down by. A model that rests on single figures has none of them.
GROUPS = {"area_code", "agency_name", "district", "age_band", "sex", "ethnicity", "person_key", "school_urn"}


def never_broken_down(manifest: dict[str, Any]) -> Models:
    """Models after staging that rest on an extract whose contract says `no_breakdown`, however far away."""
    small = {uid for uid, s in manifest["sources"].items() if s["config"].get("meta", {}).get("no_breakdown")}
    small |= {uid for uid, s in manifest["sources"].items() if s.get("source_meta", {}).get("no_breakdown")}
    reached: set[str] = set(small)
    nodes = {uid: n for uid, n in manifest["nodes"].items() if n["resource_type"] == "model"}
    while more := {uid for uid, n in nodes.items() if reached & set(n["depends_on"]["nodes"])} - reached:
        reached |= more
    return {nodes[uid]["name"]: nodes[uid] for uid in reached & set(nodes) if layer(nodes[uid]) != "staging"}


def broken_down(models: Models) -> list[str]:
    """Those of the models that could be shown below the whole partnership: by a column, or by an indicator's register."""
    out: list[str] = []
    for name, model in models.items():
        indicator = model["config"].get("meta", {}).get("indicator")
        if indicator:
            shown = {*indicator["breakdowns"], *indicator["part_breakdowns"]} - {"total"}
            out += [f"{name}: broken down by {b}" for b in sorted(shown)]
        elif layer(model) == "conformed":
            out += [f"{name}: has {c}" for c in sorted(GROUPS & set(model["columns"]))]
    return out


def test_nothing_made_of_single_figures_can_be_broken_down(manifest: dict[str, Any]) -> None:
    small = never_broken_down(manifest)
    assert {
        "fct_serious_incident_review",
        "fct_learning_theme",
        "fct_restraint_incident",
        "fct_child_death_review",
    } <= set(small)
    assert broken_down({n: m for n, m in small.items() if layer(m) == "conformed"}) == []
    assert broken_down({n: m for n, m in small.items() if m["config"].get("meta", {}).get("indicator")}) == []


def test_the_contract_decides_which_sources_are_never_broken_down(manifest: dict[str, Any]) -> None:
    wanted = {f"{e.agency}__{e.extract}" for e in load_contracts().values() if e.no_breakdown}
    found = {
        s["source_name"]
        for s in manifest["sources"].values()
        if s["config"].get("meta", {}).get("no_breakdown") or s.get("source_meta", {}).get("no_breakdown")
    }
    assert {"partnership__incident_reviews", "partnership__restraint", "health__child_death_review"} <= wanted
    assert found == wanted


def test_a_breakdown_of_single_figures_would_be_found() -> None:
    def model(folder: str, columns: set[str], **indicator: Any) -> Model:
        return {
            "original_file_path": f"models/{folder}/x.sql",
            "columns": {c: {} for c in columns},
            "config": {"meta": {"indicator": indicator} if indicator else {}},
        }

    assert broken_down({"fct_x": model("conformed", {"area_code", "aware_on"})}) == ["fct_x: has area_code"]
    shown = model("framework", {"area_code"}, breakdowns=["total", "sex"], part_breakdowns=["age_band"])
    assert broken_down({"ind_x": shown}) == ["ind_x: broken down by age_band", "ind_x: broken down by sex"]
    whole = model("framework", {"area_code"}, breakdowns=["total"], part_breakdowns=[])
    assert broken_down({"ind_x": whole}) == []


def test_every_table_of_a_contract_is_used_beyond_staging(manifest: dict[str, Any], models: Models) -> None:
    """A table that reaches staging and no fact or dimension is work for nobody."""
    used = {
        parent
        for name, model in models.items()
        if layer(model) in ("conformed", "quality") and name != "int_child_sighting"
        for parent in model["depends_on"]["nodes"]
    }
    idle = [
        name
        for name, model in models.items()
        if layer(model) == "staging" and is_generated(model) and model["unique_id"] not in used
    ]
    assert idle == []


def test_what_the_pipeline_itself_records_is_a_model(models: Models) -> None:
    assert set(OUR_OWN.values()) - set(models) == set()
