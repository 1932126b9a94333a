"""Agreements -> one row a sender, field and purpose: what the machine enforces, as the warehouse compares it with the register.

Lives here: the rows of the seed `agreement_field.csv`.
Add here: another term of an agreement that the warehouse needs field by field.
Must not live here: deciding (ingest/agreement.py), comparing (rec_sharing_agreement).
"""

from __future__ import annotations

from ingest.agreement import Agreements
from ingest.contract import Contracts


def agreement_fields(agreements: Agreements, contracts: Contracts) -> list[tuple[str, ...]]:
    """What the machine enforces, a row a sender, field and purpose; open data, which takes every column, is left out."""
    rows: set[tuple[str, ...]] = set()
    for agreement in agreements.values():
        ends = agreement.effective_to.isoformat() if agreement.effective_to else ""
        terms = (agreement.id, agreement.effective_from.isoformat(), ends)
        for key, flow in agreement.flows.items():
            senders = agreement.submitters & set(contracts[key].submitters)
            rows |= {
                (sender, key, table, field, purpose, named.necessity(field).upper(), *terms)
                for table, named in flow.tables.items()
                for field in (*sorted(named.permitted), *named.prohibited)
                for purpose in flow.purposes
                for sender in senders
            }
    head = ("sender", "extract_key", "table_name", "field_name", "purpose", "permission")
    return [(*head, "agreement_id", "starts_on", "ends_on"), *sorted(rows)]
