"""The two files of a new extract, ready to be filled in.

Lives here: the text of an empty contract and of its staging model.
Add here: a line that every new contract should start with.
Must not live here: anything that a contract can be made without.
"""

from pathlib import Path

from ingest.contract import NAME, ContractError
from orchestration.settings import Settings

CONTRACT = """\
agency: {agency}
extract: {extract}
code: XX00                     # the code in the partnership's data specification
title: A few words
description: One row a what, for which period.
submitters: [{submitters}]
delivery:
  format: csv
  cadence: quarter
  due_days: 30
  grace_days: 5
  match: ["*{extract}*.csv"]
  period_from: [{{kind: column, table: records, field: happened_on}}, {{kind: manifest}}, {{kind: path}}]
  submitter_from: [{{kind: path}}, {{kind: manifest}}]
tables:
  records:
    title: Records
    grain: [record_ref]
    fields:
      record_ref: {{type: string, label: the record's reference, required: true, max_length: 20, headers: [RecordRef]}}
      happened_on: {{type: date, formats: ["%d/%m/%Y"], label: the date, required: true, headers: [Date]}}
"""

STAGING = "{{{{ staging('{agency}__{extract}', 'records') }}}}\n"


def scaffold(key: str, settings: Settings) -> list[Path]:
    """Write the contract and the staging model of `agency/extract`. Raises ContractError when they exist or cannot."""
    agency, _, extract = key.partition("/")
    if agency not in settings.contracts.agencies or not NAME.match(extract):
        raise ContractError(
            f"{key}: say agency/extract with an agency of _agencies.yml and a snake_case name"
        )
    submitters = ", ".join(s.name for s in settings.contracts.agencies[agency].submitters)
    contract = settings.contracts_dir / agency / f"{extract}.yml"
    staging = settings.project_dir / "models" / "staging" / agency / f"stg_{agency}__{extract}__records.sql"
    if contract.exists() or staging.exists():
        raise ContractError(f"{key} exists already")
    for path, text in ((contract, CONTRACT), (staging, STAGING)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(agency=agency, extract=extract, submitters=submitters), encoding="utf-8")
    return [contract, staging]
