"""A table's contract rules as expectations, made once for every layout, period and sender.

Lives here: collecting the spoken rules of a table; the cache.
Add here: nothing a rule kind needs (vocabulary.py); only what concerns suites as a whole.
Must not live here: data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import great_expectations as gx

from expectations.verdict import FIRST_JUDGE_ONLY
from expectations.vocabulary import Spoken, conditions, speak
from ingest.contract import CodeList, Extract, RuleKind, Table
from ingest.rules import Scene, table_rules


def spoken_rules(scene: Scene, codelists: Mapping[str, CodeList]) -> tuple[Spoken, ...]:
    """Every rule of the scene's table that the second judge answers for."""
    lists = dict(codelists)
    return tuple(
        speak(scene, r, lists)
        for r in table_rules(scene.extract, scene.table)
        if r.kind not in FIRST_JUDGE_ONLY and r.kind is not RuleKind.expression
    ) + conditions(scene)


def suite(name: str, spoken: tuple[Spoken, ...]) -> gx.ExpectationSuite:
    """The rules as a Great Expectations suite, which can be saved, read and run by any tool that knows the library."""
    return gx.ExpectationSuite(
        name=name,
        expectations=[
            s.expectation.model_copy() if hasattr(s.expectation, "model_copy") else s.expectation.copy()
            for s in spoken
        ],
    )


def suite_of(
    extract: Extract, table: Table, scene: Scene, codelists: Mapping[str, CodeList]
) -> dict[str, Any]:
    """The suite of a table as plain data, for those who want to read or reuse it."""
    return dict(suite(f"{extract.key}/{table.name}", spoken_rules(scene, codelists)).to_json_dict())
