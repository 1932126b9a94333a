"""Assets of one extract, made from its contract: landing, validated, raw.

Lives here: the factory `extract_defs(contract)`, its checks, owners, freshness and job.
Add here: something that every extract gets. A need of one extract alone becomes a property of the contract.
Must not live here: `if contract.extract == ...`; reading files; anything about the warehouse.
"""

import datetime as dt
import warnings
from collections.abc import Iterator

import dagster as dg

from expectations.verdict import make_gate
from ingest import pipeline
from ingest.contract import Extract
from ingest.lake import anchor_schemas
from orchestration.partitions import partition_key, partitions_def, split_key
from orchestration.pending import Pending, deliveries, place
from orchestration.settings import Settings

#: Backfill policies are marked beta in 1.13; without them every period would be a run of its own (see partitions.py).
warnings.filterwarnings("ignore", category=dg.BetaWarning)

CHECKS = {
    "accepted": "No file of the partition was refused, and both quality engines agree on every rule.",
    "nothing_lost": "Rows received equal rows accepted plus rows rejected, in every table of every file.",
    "reject_rate": "At most one row in twenty was rejected.",
}
#: Above this share of rejected rows the check warns. A local standard until the sub-group sets another.
REJECT_RATE_WARNING = 0.05


def landing_key(extract: Extract) -> dg.AssetKey:
    return dg.AssetKey(["landing", extract.agency, extract.extract])


def validated_key(extract: Extract) -> dg.AssetKey:
    return dg.AssetKey(["validated", extract.agency, extract.extract])


def raw_keys(extract: Extract) -> list[dg.AssetKey]:
    return [dg.AssetKey(["raw", extract.agency, extract.extract, t.name]) for t in extract.tables]


def job_name(extract: Extract) -> str:
    return f"take_in__{extract.agency}__{extract.extract}"


def extract_defs(extract: Extract, settings: Settings, until: dt.date) -> dg.Definitions:
    """Landing, validated and raw assets of one extract, with its checks and its job."""
    partitions = partitions_def(extract, until)
    group = f"{extract.agency}_{extract.extract}"
    owners = [f"team:{settings.contracts.agencies[extract.agency].agency}-data"]
    tags = {"scp/agency": extract.agency, "scp/cadence": extract.delivery.cadence}
    landed = dg.AssetSpec(
        landing_key(extract),
        description=f"{extract.title}: files exactly as sent.",
        group_name=group,
        owners=owners,
        tags=tags,
        partitions_def=partitions,
        kinds={"file"},
    )

    @dg.asset(
        key=validated_key(extract),
        deps=[landed],
        partitions_def=partitions,
        group_name=group,
        owners=owners,
        tags=tags,
        kinds={"python", "greatexpectations"},
        pool="intake",
        description=f"{extract.title}: parsed, minimised, pseudonymised and judged; counts only in its report.",
        backfill_policy=dg.BackfillPolicy.single_run(),
        check_specs=[
            dg.AssetCheckSpec(name, asset=validated_key(extract), description=text)
            for name, text in CHECKS.items()
        ],
    )
    def validated(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        anchor_schemas(settings.home, settings.contracts)
        gate = make_gate(settings.contracts.codelists)
        reports = [
            pipeline.take_in(item.delivery, settings.contracts, settings.agreements, settings.home, gate)
            for item in _of_partitions(settings, extract, context.partition_keys)
        ]
        return dg.MaterializeResult(metadata=_metadata(reports), check_results=_checks(reports))

    @dg.multi_asset(
        name=f"raw__{extract.agency}__{extract.extract}",
        specs=[
            dg.AssetSpec(
                key,
                deps=[validated_key(extract)],
                skippable=True,
                group_name=group,
                owners=owners,
                tags=tags,
                kinds={"parquet"},
                freshness_policy=_freshness(extract),
                description=f"{table.title}: accepted rows, typed by the contract.",
            )
            for key, table in zip(raw_keys(extract), extract.tables, strict=True)
        ],
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool="intake",
    )
    def raw(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult]:
        """Promote what was accepted. Each submission's verdict is read again, so no other run can slip past it."""
        for item in _of_partitions(settings, extract, context.partition_keys):
            promoted = pipeline.promote_delivery(item.delivery, settings.home, settings.contracts)
            if promoted is None:
                continue  # refused: its receipt says why, and no partition is claimed
            for table, rows in promoted.rows.items():
                context.log_event(
                    dg.AssetMaterialization(
                        dg.AssetKey(["raw", extract.agency, extract.extract, table]),
                        partition=partition_key(extract, promoted.period, promoted.submitter),
                        metadata={"rows": rows, "submission": promoted.submission_id},
                    )
                )
        yield from ()

    job = dg.define_asset_job(
        job_name(extract),
        selection=dg.AssetSelection.assets(validated_key(extract), *raw_keys(extract)),
        description=f"Take in {extract.title}.",
        executor_def=dg.in_process_executor,
    )
    return dg.Definitions(assets=[landed, validated, raw], jobs=[job])


def _of_partitions(
    settings: Settings, extract: Extract, keys: "list[str] | tuple[str, ...]"
) -> list[Pending]:
    """Deliveries of the run's partitions, oldest first, taken in already or not: a re-run gives the same bytes."""
    wanted = {split_key(extract, str(k)) for k in keys}
    placed = (place(settings, d) for d in deliveries(settings) if d.key == extract.key)
    mine = sorted(
        (p for p in placed if (p.period, p.submitter) in wanted),
        key=lambda p: (p.delivery.received_at, p.delivery.sha256),
    )
    # The same bytes sent again are a success and nothing new: the first receipt counts, late or not.
    return list({(p.period, p.submitter, p.delivery.sha256): p for p in reversed(mine)}.values())[::-1]


def _metadata(reports: list[pipeline.SubmissionReport]) -> dict[str, int]:
    return {
        "files": len(reports),
        "refused": sum(r.status == "refused" for r in reports),
        "rows_received": sum(r.rows_received for r in reports),
        "rows_accepted": sum(r.rows_accepted for r in reports),
        "rows_rejected": sum(r.rows_rejected for r in reports),
    }


def _checks(reports: list[pipeline.SubmissionReport]) -> list[dg.AssetCheckResult]:
    counts = _metadata(reports)
    received, rejected = counts["rows_received"], counts["rows_rejected"]
    verdicts = {
        "accepted": (counts["refused"] == 0, dg.AssetCheckSeverity.ERROR),
        "nothing_lost": (received == counts["rows_accepted"] + rejected, dg.AssetCheckSeverity.ERROR),
        "reject_rate": (rejected <= REJECT_RATE_WARNING * received, dg.AssetCheckSeverity.WARN),
    }
    return [
        dg.AssetCheckResult(check_name=name, passed=passed, severity=severity, metadata=counts)
        for name, (passed, severity) in verdicts.items()
    ]


def _freshness(extract: Extract) -> dg.FreshnessPolicy:
    """Stale when a period, its deadline and its grace have passed without a return."""
    days = {
        "month": 31,
        "quarter": 92,
        "term": 123,
        "financial_year": 366,
        "academic_year": 366,
        "workforce_year": 366,
        "vintage": 550,
    }
    delivery = extract.delivery
    due = max(delivery.due_days, round((delivery.due_working_days or 0) * 1.5))
    return dg.FreshnessPolicy.time_window(
        fail_window=dt.timedelta(days=days[delivery.cadence] + due + delivery.grace_days)
    )
