"""Contract -> the dbt model that gathers every word that any sender says about a child.

Lives here: the text of `int_child_sighting` and its yml: one branch a contract table that says who its rows are about.
Add here: another attribute of a child that several senders state.
Must not live here: who is believed (the contract's `identity.rank`), how attributes are folded (dim_child.sql).

A new extract with an identity is thereby known to dim_child and bridge_child_token without a line in either.
"""

from __future__ import annotations

from ingest.contract import Contracts, Extract, FieldType, Table

NAME = "int_child_sighting"

_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("child_token", "string", "Keyed token of the child as this sender knows the child."),
    ("source_rank", "bigint", "Whose word is taken first; 1 before 9, from the contract."),
    ("source", "string", "The agency that says it."),
    ("period_end", "date", "Last day of the period that the submission is for."),
    ("received_at", "timestamp", "When the submission arrived."),
    ("submission_id", "string", "The submission that the row came with."),
    ("source_table", "string", "Agency, extract and table that the row came from."),
    ("source_row", "bigint", "The row as its sender sees it."),
    ("birth_month", "date", "First day of the month of birth."),
    ("is_unborn", "boolean", "An expected date of birth and no date of birth."),
    ("sex", "string", "Sex as coded."),
    ("code_list", "string", "The code list of the ethnicity."),
    ("ethnicity", "string", "Ethnicity as coded by that list."),
)  # fmt: skip


def child_sighting_sql(contracts: Contracts) -> str:
    """The model's SQL: every table with an identity, in the order of the contracts."""
    told = [(e, t) for e in contracts.values() for t in e.tables if t.identity is not None]
    names = [f"{e.agency}__{e.extract}__{t.name}" for e, t in told]
    imports = [f"{n} as (\n    select * from {{{{ ref('stg_{n}') }}}}\n)" for n in names]
    union = "\n    union all\n".join(_branch(e, t, n) for (e, t), n in zip(told, names, strict=True))
    return "with\n\n" + ",\n\n".join([*imports, f"final as (\n{union}\n)"]) + "\n\nselect * from final\n"


def child_sighting_yaml() -> str:
    """The model's yml: its contract, and the key that every row has."""
    lines = [
        "version: 2",
        "",
        "models:",
        f"  - name: {NAME}",
        '    description: "Every row in which a sender says something about a child, from every contract table with an identity."',
        "    data_tests:",
        "      - unique_combination:",
        f"          name: {NAME}_has_one_row_per_row_received",
        "          arguments:",
        "            columns: [submission_id, source_table, source_row]",
        "    columns:",
    ]
    for name, kind, says in _COLUMNS:
        lines += [f"      - name: {name}", f"        data_type: {kind}", f'        description: "{says}"']
    return "\n".join(lines) + "\n"


def _branch(extract: Extract, table: Table, name: str) -> str:
    assert table.identity is not None  # noqa: S101
    born, due = _stored(table, table.identity.birth_date), _stored(table, table.identity.expected_birth_date)
    ethnicity = next((f for f in table.fields if f.type is FieldType.code and f.name == "ethnicity"), None)
    unborn = f"{born or 'null'} is null and {due} is not null" if due else "false"
    says = {
        "source_rank": f"cast({table.identity.rank} as bigint)",
        "source": f"'{extract.agency}'",
        "birth_month": born or "cast(null as date)",
        "is_unborn": unborn,
        "sex": _stored(table, table.identity.sex) or "cast(null as string)",
        "code_list": f"'{ethnicity.codelist}'" if ethnicity else "cast(null as string)",
        "ethnicity": ethnicity.name if ethnicity else "cast(null as string)",
    }
    listed = ",\n        ".join(
        column if says.get(column, column) == column else f"{says[column]} as {column}"
        for column, _, _ in _COLUMNS
    )
    # What a case system has deleted says nothing any more (`purge` of the DfE's feed).
    kept = " and not coalesce(is_purged, false)" if "is_purged" in table.by_name else ""
    return f"    select\n        {listed}\n    from {name}\n    where child_token is not null{kept}"


def _stored(table: Table, field: str | None) -> str | None:
    """The field's column in the raw table, if it is one."""
    return field if field and table.by_name[field].stored else None
