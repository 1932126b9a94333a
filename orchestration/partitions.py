"""Partitions: the periods in which an extract is due, and its submitters when there are several.

Lives here: the partitions of an extract, partition keys from and to (period, submitter).
Add here: a new cadence, after `ingest.calendar` knows it.
Must not live here: dates worked out by hand; Dagster's own time windows (quarters and academic years as strings are
data, so no change of the clock skips or repeats one).
"""

import datetime as dt
from collections.abc import Iterable, Sequence

import dagster as dg

from ingest.calendar import periods_between
from ingest.contract import Extract

#: The oldest census layout that we read, 2021, is of the year that begins here. Older files are taken in without a partition.
FIRST_DAY = dt.date(2020, 4, 1)


def periods(extract: Extract, until: dt.date) -> list[str]:
    """The ids of every period of the extract's cadence from the first agreement to `until`."""
    first = dt.date(2012, 1, 1) if extract.delivery.cadence == "vintage" else FIRST_DAY
    return [p.id for p in periods_between(extract.delivery.cadence, first, until)]


def last_day() -> dt.date:
    """The last day for which there are partitions: a year from today."""
    return dt.datetime.now(dt.UTC).date() + dt.timedelta(days=366)


def partitions_def(extract: Extract, until: dt.date) -> dg.PartitionsDefinition:
    """Periods alone for a single submitter, period and submitter where there are several."""
    by_period = dg.StaticPartitionsDefinition(periods(extract, until))
    if len(extract.submitters) == 1:
        return by_period
    return dg.MultiPartitionsDefinition(
        {"period": by_period, "submitter": dg.StaticPartitionsDefinition(list(extract.submitters))}
    )


def partition_key(extract: Extract, period: str, submitter: str) -> str:
    """The partition of one submitter's period."""
    if len(extract.submitters) == 1:
        return period
    return str(dg.MultiPartitionKey({"period": period, "submitter": submitter}))


def split_key(extract: Extract, key: str) -> tuple[str, str]:
    """(period, submitter) of a partition key."""
    if len(extract.submitters) == 1:
        return key, extract.submitters[0]
    period, submitter = key.split("|")
    return period, submitter


def ranges(extract: Extract, wanted: Iterable[tuple[str, str]], until: dt.date) -> list[tuple[str, str]]:
    """Contiguous runs of wanted (period, submitter) pairs as (first key, last key), one submitter at a time.

    One Dagster run takes in a whole range: a run costs about 0.4 s, so a partnership's first day costs twenty runs
    and not two hundred.
    """
    order = {p: i for i, p in enumerate(periods(extract, until))}
    by_submitter: dict[str, set[str]] = {}
    for period, submitter in wanted:
        by_submitter.setdefault(submitter, set()).add(period)
    return [
        (partition_key(extract, run[0], submitter), partition_key(extract, run[-1], submitter))
        for submitter, some in sorted(by_submitter.items())
        for run in _contiguous(sorted((p for p in some if p in order), key=order.__getitem__), order)
    ]


def _contiguous(ids: Sequence[str], order: dict[str, int]) -> list[list[str]]:
    runs: list[list[str]] = []
    for period in ids:
        if runs and order[period] == order[runs[-1][-1]] + 1:
            runs[-1].append(period)
        else:
            runs.append([period])
    return runs
