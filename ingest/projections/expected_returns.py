"""Contracts x agreements x calendar -> every return that is expected, with its due date.

Lives here: the table `expected_returns` of the pipeline, the denominator of every timeliness figure.
Add here: another reason why a return is or is not expected.
Must not live here: whether it came (quality models compare with the submissions).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from ingest.agreement import Agreement, Agreements
from ingest.calendar import due_on, grace_until, periods_between
from ingest.contract import Contracts
from ingest.projections.arrow import PIPELINE


def expected_returns(contracts: Contracts, agreements: Agreements, until: dt.date | None = None) -> pa.Table:
    """Every (extract, submitter, period) that an agreement makes due, in a stable order.

    A period counts when it lies wholly inside the agreement's term and starts on or after the flow's `returns_from`.
    Flows without `returns_from` (open data, example files) expect nothing. `until` keeps periods due by that day.
    """
    rows = sorted(
        _rows(contracts, agreements),
        key=lambda r: (r["agency"], r["extract"], r["submitter"], r["period_start"]),
    )
    if until is not None:
        rows = [r for r in rows if r["due_on"] <= until]
    return pa.Table.from_pylist(rows, schema=PIPELINE["expected_returns"])


def _rows(contracts: Contracts, agreements: Agreements) -> Iterator[dict[str, Any]]:
    seen: set[tuple[str, str, str]] = set()
    for agreement in agreements.values():
        for key, flow in agreement.flows.items():
            if flow.returns_from is None or key not in contracts or agreement.effective_to is None:
                continue
            if agreement.status == "draft":  # nobody has signed it, so nothing is due
                continue
            for row in _flow(contracts, agreement, key, flow.returns_from):
                place = (key, row["submitter"], row["period"])
                if place not in seen:  # an agreement and its renewal may overlap
                    seen.add(place)
                    yield row


def _flow(
    contracts: Contracts, agreement: Agreement, key: str, returns_from: dt.date
) -> Iterator[dict[str, Any]]:
    extract = contracts[key]
    last = agreement.effective_to
    assert last is not None  # noqa: S101 - the caller skips agreements without an end
    for name in extract.submitters:
        if name not in agreement.submitters:
            continue
        submitter = contracts.submitter(name)
        for period in periods_between(
            extract.delivery.cadence, max(returns_from, agreement.effective_from), last
        ):
            yield {
                "agency": extract.agency,
                "extract": extract.extract,
                "submitter": name,
                "area_code": submitter.area_code,
                "period": period.id,
                "period_start": period.start,
                "period_end": period.end,
                "due_on": due_on(extract.delivery, period),
                "grace_until": grace_until(extract.delivery, period),
            }
