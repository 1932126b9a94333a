"""Every model can move to Spark: what it compiles to transpiles, and engine-only SQL stays in macros/portable."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot.errors import ErrorLevel, SqlglotError

pytestmark = pytest.mark.xdist_group("empty_lake")  # what dbt made of it is made once

#: SQL that only DuckDB understands, or that Spark understands differently without saying so (dates minus dates, months).
DENIED = (
    r"\bstrftime\b", r"\bstrptime\b", r"\bdate_?diff\b", r"\bdate_sub\b", r"\bdate_add\b", r"\bdate_part\b", r"\bage\(",
    r"\bgenerate_series\b", r"\brange\(", r"\bunnest\b", r"\blist\w*\(", r"\barray_\w+\(", r"\bstruct_pack\b", r"\bepoch\w*\(",
    r"\bregexp_\w+\b", r"\bstring_split\w*\b", r"\bto_(?:days|months|years|hours|minutes|seconds)\b", r"\bisodow\b",
    r"\binterval\b", r"\bexclude\s*\(", r"\breplace\s*\(\s*\w+\s+as\b", r"\bby name\b", r"\basof\b", r"\bpivot\b", r"\bunpivot\b",
    r"\barg_(?:min|max)\b", r"\bsha256\b", r"\blistagg\b", r"\bcolumns\s*\(", r"\bpositional join\b", r"\bvarchar\b",
    r"as\s+text\b", r"->>", r"\bread_\w+\(", r"\bhugeint\b", r"\bsummarize\b", r"\bfrom\s+range\b", r"\bquantile\w*\b",
)  # fmt: skip
JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
QUOTED = re.compile(r"'(?:[^']|'')*'")
RAW_ROWS = re.compile(r"read_parquet\('[^']*'[^)]*\)")


def bare_sql(text: str) -> str:
    """The SQL that a person wrote: no macro calls, comments or string literals."""
    return QUOTED.sub("''", COMMENT.sub("", JINJA.sub(" ", text))).lower()


def test_every_model_and_test_transpiles_to_spark(manifest: dict[str, Any]) -> None:
    broken = {}
    seen = 0
    for node in manifest["nodes"].values():
        if node["resource_type"] not in ("model", "test") or not node.get("compiled_code"):
            continue
        seen += 1
        # The adapter renders where raw rows lie; Spark's adapter renders a table. Everything else is ours.
        sql = RAW_ROWS.sub("raw_rows_of_the_source", node["compiled_code"])
        try:
            for statement in sqlglot.transpile(
                sql, read="duckdb", write="spark", unsupported_level=ErrorLevel.RAISE
            ):
                sqlglot.parse_one(statement, read="spark")
        except SqlglotError as error:
            broken[node["name"]] = str(error)[:200]
    assert broken == {}
    assert seen > 100


def test_engine_only_sql_stays_in_portable_macros(project: Path) -> None:
    files = [*project.glob("models/**/*.sql"), *project.glob("tests/**/*.sql")]
    files += [p for p in project.glob("macros/**/*.sql") if "portable" not in p.parts]
    denied = re.compile("|".join(DENIED))
    found = {}
    for path in files:
        hits = {hit.group(0) for hit in denied.finditer(bare_sql(path.read_text(encoding="utf-8")))}
        if hits:
            found[str(path.relative_to(project))] = sorted(hits)
    assert found == {}


def test_every_dispatched_macro_has_a_spark_version(project: Path) -> None:
    text = "\n".join(p.read_text(encoding="utf-8") for p in project.glob("macros/**/*.sql"))
    dispatched = set(re.findall(r"adapter\.dispatch\('(\w+)'", text))
    defined = set(re.findall(r"\{%-?\s*macro (\w+)\(", text))
    assert dispatched
    assert {f"{side}__{m}" for m in dispatched for side in ("default", "spark")} - defined == set()


@pytest.mark.parametrize(
    "sql",
    ["select strftime(d, '%Y') from t", "select * exclude (a) from t", "select d + interval 1 day from t"],
)
def test_the_deny_list_sees_what_it_should(sql: str) -> None:
    assert re.search("|".join(DENIED), bare_sql(sql))
