"""One measured job in a process of its own: prints CPU seconds, wall seconds and peak memory as JSON.

Lives here: what is measured, ours and the plain tool it is compared with.
Add here: the two sides of another comparison.
Must not live here: making data or tables of results.
"""

from __future__ import annotations

import datetime as dt
import json
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent


def walk_xml(path: str) -> Callable[[], None]:
    from lxml import etree

    def job() -> None:
        leaves = 0
        for _, child in etree.iterparse(path, tag="Child", resolve_entities=False, no_network=True):
            leaves += sum(1 for e in child.iter() if e.text)
            child.clear()
        assert leaves

    return job


def plain_csv(path: str) -> Callable[[], None]:
    import pyarrow as pa
    import pyarrow.csv as pc
    import pyarrow.parquet as pq

    kinds = {
        "Score": pa.int64(),
        "Cost": pa.float64(),
        "DOB": pa.timestamp("s"),
        "HappenedOn": pa.timestamp("s"),
        "EndedOn": pa.timestamp("s"),
    }

    def job() -> None:
        table = pc.read_csv(
            path, convert_options=pc.ConvertOptions(column_types=kinds, timestamp_parsers=["%d/%m/%Y"])
        )
        with tempfile.TemporaryDirectory() as folder:
            pq.write_table(table, Path(folder) / "plain.parquet", compression="zstd")

    return job


def take_in_xml(path: str) -> Callable[[], None]:
    from ingest.agreement import load_agreements
    from ingest.contract import load_contracts

    contracts = load_contracts()
    return _take_in(path, "council/cin_census", contracts, load_agreements(), {})


def take_in_csv(path: str) -> Callable[[], None]:
    from ingest.agreement import load_agreements
    from ingest.contract import load_contracts

    contracts = load_contracts(HERE / "contracts")
    agreements = load_agreements(HERE / "agreements", contracts)
    return _take_in(
        path,
        "council/bench_events",
        contracts,
        agreements,
        {"period": "2024-25", "submitter": "bench_council"},
    )


def take_in_xlsx(path: str) -> Callable[[], None]:
    from ingest.agreement import load_agreements
    from ingest.contract import load_contracts

    stated = {"period": "2025-03", "submitter": "staffordshire"}
    return _take_in(path, "council/annex_a", load_contracts(), load_agreements(), stated)


def walk_xlsx(path: str) -> Callable[[], None]:
    import python_calamine

    def job() -> None:
        book = python_calamine.load_workbook(path)
        assert sum(1 for name in book.sheet_names for _ in book.get_sheet_by_name(name).iter_rows())

    return job


def read_xlsx(path: str) -> Callable[[], None]:
    import hashlib

    from ingest import readers
    from ingest.contract import load_contracts
    from ingest.readers.base import Delivery

    contracts, file = load_contracts(), Path(path)
    sha = hashlib.sha256(file.read_bytes()).hexdigest()
    received = dt.datetime(2025, 5, 1)
    delivery = Delivery(
        "council/annex_a", (file,), file.parent, sha, file.stat().st_size, received, {}, file_sha256=(sha,)
    )

    def job() -> None:
        read = readers.read(delivery, contracts["council/annex_a"], contracts)
        assert all(t.received for t in read.tables.values())

    return job


def take_in_903(path: str) -> Callable[[], None]:
    from ingest.agreement import load_agreements
    from ingest.contract import load_contracts

    manifest = {"period": "2024-25", "submitter": "staffordshire"}
    return _take_in(path, "council/ssda903", load_contracts(), load_agreements(), manifest)


def _take_in(path: str, key: str, contracts, agreements, manifest: dict[str, str]) -> Callable[[], None]:
    import great_expectations  # noqa: F401 - imported before the clock starts, as in a long-lived worker

    from expectations.verdict import make_gate
    from ingest import landing, pipeline
    from ingest.lake import Home, anchor_schemas

    folder = tempfile.TemporaryDirectory()
    home = Home(Path(folder.name))
    source = home.landing / key / "bench"
    source.mkdir(parents=True)
    for file in sorted(Path(path).iterdir()) if Path(path).is_dir() else [Path(path)]:
        shutil.copy(file, source / file.name)
    if manifest:
        (source / "_manifest.json").write_text(
            json.dumps({"received_at": dt.datetime(2025, 5, 1).isoformat(), **manifest})
        )
    anchor_schemas(home, contracts)

    def job() -> None:
        (delivery,) = [d for d in landing.discover(home.landing, contracts) if d.key == key]
        report = pipeline.take_in(delivery, contracts, agreements, home, make_gate(contracts.codelists))
        assert report.status in ("accepted", "partly_accepted"), report.status
        assert pipeline.promote_delivery(delivery, home, contracts) is not None

    job.keep = folder  # type: ignore[attr-defined]
    return job


def main(name: str, path: str) -> None:
    job = {
        "walk_xml": walk_xml,
        "plain_csv": plain_csv,
        "take_in_xml": take_in_xml,
        "take_in_csv": take_in_csv,
        "take_in_903": take_in_903,
        "walk_xlsx": walk_xlsx,
        "read_xlsx": read_xlsx,
        "take_in_xlsx": take_in_xlsx,
    }[name](path)
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.monotonic()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    job()
    after, after_children = (
        resource.getrusage(resource.RUSAGE_SELF),
        resource.getrusage(resource.RUSAGE_CHILDREN),
    )
    cpu = sum(
        a.ru_utime + a.ru_stime - b.ru_utime - b.ru_stime
        for a, b in ((after, before), (after_children, children))
    )
    found = {"cpu": cpu, "wall": time.monotonic() - start, "peak_mb": after.ru_maxrss / 1024}
    print(json.dumps({**found, "child_mb": after_children.ru_maxrss / 1024}))


if __name__ == "__main__":
    main(*sys.argv[1:3])
