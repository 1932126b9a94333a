"""Contract -> Open Data Contract Standard (ODCS v3), for tools that read the standard.

Lives here: the translation, one way. Our contract stays the source; nothing is read back.
Add here: an ODCS property that one of ours now fills.
Must not live here: our own model. What ODCS has no word for (treatment, necessity) goes into customProperties.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from open_data_contract_standard.model import (
    CustomProperty,
    DataQuality,
    Description,
    OpenDataContractStandard,
    SchemaObject,
    SchemaProperty,
    Server,
    ServiceLevelAgreementProperty,
    Team,
)

from ingest.agreement import Agreements, load_agreements
from ingest.contract import (
    CODE_SEPARATOR,
    Contracts,
    Extract,
    FieldSpec,
    FieldType,
    Rule,
    Severity,
    Table,
    Treatment,
    derived_rules,
)
from ingest.projections.dictionary import necessity
from ingest.projections.wording import due, sentence

API_VERSION = "v3.1.0"  # what the tools in use read; the package's model also knows later ones

#: The same bytes as SafeDumper's, from C where it is built in: the documents together have two million characters.
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

_LOGICAL = {
    FieldType.string: "string",
    FieldType.code: "string",
    FieldType.integer: "integer",
    FieldType.decimal: "number",
    FieldType.date: "date",
    FieldType.timestamp: "timestamp",
    FieldType.boolean: "boolean",
    FieldType.figure: "string",
}
_CLASSIFICATION = {
    Treatment.keep: "official",
    Treatment.identity: "official-sensitive identifier",
    Treatment.month: "official-sensitive identifier",
    Treatment.district: "official-sensitive identifier",
    Treatment.pseudonym: "official-sensitive identifier",
    Treatment.drop: "not stored",
}
_SEVERITY = {
    Severity.block_file: "error",
    Severity.reject_row: "error",
    Severity.warn: "warning",
    Severity.note: "info",
}
_DIMENSION = {
    "required": "completeness",
    "required_if": "completeness",
    "at_least_one_of": "completeness",
    "unique": "uniqueness",
    "unique_together": "uniqueness",
    "in_period": "timeliness",
    "not_future": "timeliness",
    "not_after": "consistency",
    "not_before": "consistency",
    "forbidden_if": "consistency",
    "one_of": "consistency",
    "within_days": "consistency",
    "matches_submitter": "coverage",
    "range": "accuracy",
    "checksum": "accuracy",
    "not_placeholder": "accuracy",
}
_FREQUENCY = {
    "month": (1, "month"),
    "quarter": (3, "month"),
    "term": (4, "month"),
    "financial_year": (1, "year"),
    "academic_year": (1, "year"),
    "workforce_year": (1, "year"),
    "vintage": (1, "year"),
}


def odcs(contracts: Contracts, key: str, agreements: Agreements | None = None) -> OpenDataContractStandard:
    """The extract as an ODCS contract, checked by the standard's own model."""
    extract = contracts[key]
    number, unit = _FREQUENCY[extract.delivery.cadence]
    owner = contracts.agencies[extract.agency].owner
    return OpenDataContractStandard(
        kind="DataContract",
        apiVersion=API_VERSION,
        id=f"{extract.agency}-{extract.extract}".replace("_", "-"),
        name=extract.title,
        version=_semantic(extract.version),
        status="active",
        domain=extract.agency,
        dataProduct=extract.code,
        description=Description(
            purpose=sentence(extract.description),
            limitations=extract.licence
            or "Only the fields, purposes and audiences of the information-sharing agreement in force.",
        ),
        servers=[
            Server(
                server="landing",
                type="local",
                path=f"landing/{extract.agency}/{extract.extract}",
                format="csv" if extract.delivery.format == "csv_set" else extract.delivery.format,
            )
        ],
        schema=[_object(contracts, extract, table, agreements) for table in extract.tables],  # pyright: ignore[reportCallIssue]
        team=Team(name=owner),
        slaProperties=[
            ServiceLevelAgreementProperty(
                property="frequency", value=number, unit=unit, description=due(extract.delivery)
            ),
            *(
                ServiceLevelAgreementProperty(
                    property="retention", value=years, unit="y", description="Pseudonymised rows."
                )
                for years in _retention(agreements, key)
            ),
        ],
        customProperties=[
            CustomProperty(property="submitters", value=list(extract.submitters)),
            CustomProperty(property="cadence", value=extract.delivery.cadence),
            CustomProperty(property="encoding", value=extract.delivery.encoding),
            *([CustomProperty(property="noBreakdown", value=True)] if extract.no_breakdown else []),
            CustomProperty(property="revisions", value=[dict(r) for r in extract.revisions]),
        ],
    )


def odcs_yaml(contracts: Contracts, key: str, agreements: Agreements | None = None) -> str:
    document = odcs(contracts, key, agreements).model_dump(by_alias=True, exclude_none=True)
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)


def export(contracts: Contracts, folder: Path, agreements: Agreements | None = None) -> int:
    """Write every contract in the standard below `folder`. Returns how many."""
    agreements = agreements if agreements is not None else load_agreements()
    folder.mkdir(parents=True, exist_ok=True)
    for key, extract in contracts.items():
        path = folder / f"{extract.agency}__{extract.extract}.odcs.yaml"
        path.write_text(odcs_yaml(contracts, key, agreements), encoding="utf-8")
    return len(contracts)


def odcs_schema() -> dict[str, Any]:
    """The standard's JSON schema, as its package ships it."""
    return json.loads(OpenDataContractStandard.json_schema())


def _object(
    contracts: Contracts, extract: Extract, table: Table, agreements: Agreements | None
) -> SchemaObject:
    rules = derived_rules(extract, table)
    single = {
        name: [r for r in rules if r.columns[:1] == (name,) and len(r.columns) == 1] for name in table.by_name
    }
    whole = [r for r in rules if len(r.columns) != 1]
    return SchemaObject(
        name=table.name,
        physicalName=table.source.element or table.source.sheet or table.source.file or table.name,
        logicalType="object",
        physicalType="table",
        businessName=table.title,
        description=sentence(table.description) or sentence(table.title),
        dataGranularityDescription=f"One row for each {', '.join(table.grain)}." if table.grain else None,
        properties=[
            _property(contracts, extract, table, f, single[f.name], agreements) for f in table.fields
        ],
        quality=[_quality(r) for r in whole] or None,
    )


def _property(
    contracts: Contracts,
    extract: Extract,
    table: Table,
    field: FieldSpec,
    rules: list[Rule],
    agreements: Agreements | None,
) -> SchemaProperty:
    custom = [CustomProperty(property="treatment", value=field.treatment.value)]
    if agreements is not None:
        custom.append(
            CustomProperty(
                property="necessity", value=necessity(agreements, extract.key, table.name, field.name)
            )
        )
    if field.codelist:
        codes = [c.code for c in contracts.codelists[field.codelist].codes]
        custom += [
            CustomProperty(property="codeList", value=field.codelist),
            CustomProperty(property="codes", value=codes),
        ]
    if field.split:
        custom.append(CustomProperty(property="severalCodesSeparatedBy", value=CODE_SEPARATOR))
    if field.headers[1:]:
        custom.append(CustomProperty(property="otherHeaders", value=list(field.headers[1:])))
    if field.since or field.until:
        custom.append(CustomProperty(property="layoutYears", value=[field.since, field.until]))
    position = table.grain.index(field.name) + 1 if field.name in table.grain else None
    return SchemaProperty(
        name=field.name,
        physicalName=field.headers[0] if field.headers else field.name,
        businessName=field.label,
        logicalType=_LOGICAL[field.type],
        physicalType=field.type.value,
        logicalTypeOptions=_options(field) or None,
        description=sentence(field.label) + (f" {sentence(field.description)}" if field.description else ""),
        required=field.required,
        primaryKey=True if position else None,
        primaryKeyPosition=position,
        classification=_CLASSIFICATION[field.treatment],
        quality=[_quality(r) for r in rules] or None,
        customProperties=custom,
    )


def _options(field: FieldSpec) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if field.formats:
        options["format"] = field.formats[0]
    if field.type in (FieldType.string, FieldType.code):
        if field.max_length:
            options["maxLength"] = field.max_length
        if field.pattern:
            options["pattern"] = field.pattern
    if field.type in (FieldType.integer, FieldType.decimal):
        if field.min is not None:
            options["minimum"] = int(field.min) if field.type is FieldType.integer else field.min
        if field.max is not None:
            options["maximum"] = int(field.max) if field.type is FieldType.integer else field.max
    return options


def _quality(rule: Rule) -> DataQuality:
    return DataQuality(  # pyright: ignore[reportCallIssue] - its optional lists look required to the checker
        type="text",
        name=rule.id,
        description=rule.says,
        severity=_SEVERITY[rule.severity],
        dimension=_DIMENSION.get(rule.kind.value, "conformity"),
    )


def _retention(agreements: Agreements | None, key: str) -> list[int]:
    """The longest time for which any agreement lets rows of the extract be kept."""
    years = [a.retention.raw_years for a in (agreements or {}).values() if key in a.flows]
    known = [y for y in years if y is not None]
    return [max(known)] if known else []


def _semantic(version: str) -> str:
    return version if version.count(".") == 2 else f"{version}.0"
