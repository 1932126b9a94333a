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


def exact_join(folder: str) -> Callable[[], None]:
    """What a table of equal NHS numbers and birth dates costs, with the engine that linkage runs on."""
    import duckdb

    def job() -> None:
        con = duckdb.connect(":memory:", config={"threads": 2})
        con.execute(
            f"""create table pair as
                with one as (select distinct child_token, nhs_number, birth_date from '{folder}/identities.parquet' where nhs_number is not null)
                select a.child_token as a, b.child_token as b
                from one a join one b using (nhs_number, birth_date) where a.child_token < b.child_token"""
        )

    return job


def link_all(folder: str) -> Callable[[], None]:
    """Both submissions at once."""
    return _link(Path(folder), "all", None)


def link_before(folder: str) -> Callable[[], None]:
    """The first submission: what is kept of it is where a new month starts from."""
    return _link(Path(folder), "before", None, among=("s1",))


def link_month(folder: str) -> Callable[[], None]:
    """Both submissions, with the scores of the first kept."""
    return _link(Path(folder), "month", "before")


def _link(
    folder: Path, name: str, kept: str | None, among: tuple[str, ...] = ("s1", "s2")
) -> Callable[[], None]:
    """Without the encrypted files: those cost what any file costs, and are measured by `run`."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from ingest.identity import scored
    from ingest.identity.keys import Key
    from ingest.identity.linkage import link_people

    names = ("identities", "submissions")
    identities, submissions = (
        t.filter(pc.field("submission_id").isin(among))
        for t in (pq.read_table(folder / f"{n}.parquet") for n in names)
    )
    model = scored.packaged()

    def job() -> None:
        state = (
            [pq.read_table(folder / f"{kept}_{n}.parquet") for n in ("pairs", "compared")] if kept else None
        )
        found = link_people(
            identities,
            submissions,
            Key("pseudonym-v1", b"k" * 32),
            model,
            kept=(state[0], state[1]) if state else None,
        )
        for part, table in (
            ("pairs", found.pairs),
            ("compared", found.compared),
            ("map", found.persons.person_map),
        ):
            pq.write_table(table, folder / f"{name}_{part}.parquet", compression="zstd")

    return job


def linkage_quality(folder: str) -> dict[str, float]:
    """Pairs of two agencies against the truth, and how far a month added differs from everything at once."""
    import duckdb
    import pandas as pd

    from ingest.identity import evaluation

    where = Path(folder)
    people = pd.read_parquet(where / "truth.parquet").merge(
        pd.read_parquet(where / "all_map.parquet"), on="child_token"
    )
    people["family"] = people["family"].astype(str)
    counts = evaluation.count_pairs(people, "benchmark", dt.date(2025, 7, 1)).to_pylist()
    every = next(r for r in counts if r["group_kind"] == "all" and r["agency_a"] == "all")
    twins = next(
        r for r in counts if r["group_value"] == evaluation.MIXED_UP["family"] and r["agency_a"] == "all"
    )
    (other,) = duckdb.execute(
        f"""select count(*) from '{where}/all_map.parquet' a full join '{where}/month_map.parquet' m using (child_token)
            where a.person_key is distinct from m.person_key"""
    ).fetchone() or (0,)
    return {
        "other_key": other, "true": every["true_pairs"], "precision": every["correct_pairs"] / every["linked_pairs"],
        "recall": every["correct_pairs"] / every["true_pairs"], "twins": twins["linked_pairs"],
    }  # fmt: skip


def main(name: str, path: str) -> None:
    if name == "linkage_quality":
        print(json.dumps(linkage_quality(path)))
        return
    job = {
        "exact_join": exact_join,
        "link_all": link_all,
        "link_before": link_before,
        "link_month": link_month,
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
