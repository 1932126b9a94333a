"""The release: one folder with everything that may leave, made from one closed warehouse, whole or not at all.

Lives here: what is in the folder, its id, its record, and putting it in force.
Add here: a new part of a release (with its line in the record).
Must not live here: protection of counts, pages, wording, file formats.

The id is a hash of the warehouse's content and of the code that publishes, so the same inputs give the same id and the
same bytes (the analysts' DuckDB file has the same content; DuckDB writes its own random file id). No clock is read: the
as-of date comes from the data.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ingest.contract import Contracts
from ingest.lake import Home, write_text
from publish import ledger, report, words
from publish.audiences import AUDIENCES, OPEN_COUNTS
from publish.board import COUNCILS, Board, in_plain_words, load
from publish.disclosure import BOARD, LARGEST_HIDDEN, ROUNDING_BASE, SMALLEST_DENOMINATOR, SYMBOLS
from publish.exports import fingerprint, permitted, sha256_of, write_analyst, write_table
from publish.reading import Warehouse

CODE = Path(__file__).parent
RECEIPT_ENDINGS = (".html", ".txt")


@dataclass(frozen=True)
class Release:
    """A release that is in force. `report` is the first page."""

    id: str
    path: Path
    is_new: bool

    @property
    def report(self) -> Path:
        return self.path / "report" / "index.html"

    @property
    def board(self) -> Path:
        return self.path / "board"

    @property
    def analyst(self) -> Path:
        return self.path / "analyst" / "warehouse.duckdb"


def publish(warehouse: Path, home: Home, contracts: Contracts, *, synthetic: bool | None = None) -> Release:
    """Publish a closed warehouse and put the release in force. The same inputs give the release that is there already.

    `synthetic` is said on every page. When it is not given, the home of a synthetic partnership is known by its truth
    file, which no real partnership has. Raises MissingTable when the warehouse was not built to the end.
    """
    made_up = (home.truth / "indicators.parquet").exists() if synthetic is None else synthetic
    home.releases.mkdir(parents=True, exist_ok=True)
    with Warehouse(warehouse) as source:
        hashes = {f"{s}.{t}": fingerprint(source.con, s, t, c) for s, t, c in permitted(source.con)}
        release_id = _id(hashes, synthetic=made_up)
        target = home.releases / release_id
        if (target / "release.json").exists():
            _put_in_force(home, release_id)
            return Release(release_id, target, is_new=False)
        partial = home.releases / f"{release_id}.tmp"
        _remove(partial)
        partial.mkdir()
        board = in_plain_words(load(source, synthetic=made_up), contracts)
    _write(partial, board, warehouse, home, contracts, release_id, hashes)
    partial.replace(target)
    _put_in_force(home, release_id)
    return Release(release_id, target, is_new=True)


def current(home: Home) -> Release | None:
    """The release in force, or None before the first."""
    name = home.releases / "current"
    if not name.exists():
        return None
    release_id = name.read_text("utf-8").strip()
    return Release(release_id, home.releases / release_id, is_new=False)


def _put_in_force(home: Home, release_id: str) -> None:
    """Enter the release in the ledger, then point `current` at it. A run killed between the two does both again."""
    record = json.loads((home.releases / release_id / "release.json").read_text("utf-8"))
    ledger.append(home.releases, release_id, record["as_of"], record["files"]["board/indicators.csv"])
    write_text(release_id, home.releases / "current")


def _remove(folder: Path) -> None:
    """Take away what a killed run left. The analysts' file in it may be read-only already."""
    if folder.exists():
        shutil.rmtree(folder)


def _id(hashes: dict[str, str], *, synthetic: bool) -> str:
    """First 12 hex of a hash of the warehouse's content and of the code and templates that publish it."""
    digest = hashlib.sha256(json.dumps([hashes, synthetic], sort_keys=True).encode())
    digest.update(code_profile().encode())
    return digest.hexdigest()[:12]


def code_profile() -> str:
    """A hash of everything in this package that shapes a release: code, templates, style sheet."""
    digest = hashlib.sha256()
    for path in sorted(CODE.rglob("*")):
        if path.suffix in (".py", ".html", ".css"):
            digest.update(path.relative_to(CODE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _write(
    folder: Path,
    board: Board,
    warehouse: Path,
    home: Home,
    contracts: Contracts,
    release_id: str,
    hashes: dict[str, str],
) -> None:
    receipts = _copy_receipts(board, home, folder / "receipts")
    (folder / "analyst").mkdir()
    # The analysts' files are DuckDB's work and the pages are Python's: neither waits for the other.
    with ThreadPoolExecutor(1) as beside:
        analyst = beside.submit(write_analyst, warehouse, folder / "analyst")
        pages = report.build(board, contracts, folder / "report", receipts)
        rows = write_board(board, folder / "board")
        analyst_rows = analyst.result()
    (folder / "README.txt").write_text(_readme(board, release_id), "utf-8")
    record = _record(folder, board, release_id, hashes) | {
        "pages": pages, "rows": {"board": rows, "analyst": analyst_rows}, "receipts": len(receipts),
    }  # fmt: skip
    (folder / "release.json").write_text(
        json.dumps(record, indent=2, sort_keys=True, ensure_ascii=False) + "\n", "utf-8"
    )
    for file in folder.rglob("*"):
        if file.is_file():
            with file.open("rb") as written:
                os.fsync(written.fileno())


def _copy_receipts(board: Board, home: Home, folder: Path) -> set[str]:
    """Receipts of the submissions that the warehouse knows; a receipt of a later file waits for the next release."""
    folder.mkdir()
    known = sorted(str(s) for s in board.submissions["submission_id"].dropna())
    with_page: set[str] = set()
    for submission in known:
        for ending in RECEIPT_ENDINGS:
            receipt = home.receipts / f"{submission}{ending}"
            if receipt.is_file():
                shutil.copyfile(receipt, folder / receipt.name)
                if ending == ".html":
                    with_page.add(submission)
    return with_page


def _record(folder: Path, board: Board, release_id: str, hashes: dict[str, str]) -> dict[str, Any]:
    """The machine-readable record: which rules were applied, to what, and what came out."""
    v = board.values
    hidden = v[v["symbol"] != ""].groupby("symbol").size()
    files = {
        p.relative_to(folder).as_posix(): sha256_of(p)
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.suffix != ".duckdb"
    }
    agreements = sorted({str(a) for a in board.submissions["agreement_id"].dropna() if str(a)})
    return {
        "release": release_id,
        "as_of": str(board.as_of),
        "synthetic": board.synthetic,
        "rules": {
            "profile": BOARD.name, "zero": "shown as 0", "hidden": f"1 to {LARGEST_HIDDEN}", "rounded_to": ROUNDING_BASE,
            "smallest_denominator": SMALLEST_DENOMINATOR, "rates": "from rounded counts; populations as published",
            "complement": "a percentage is hidden when denominator minus numerator is 1 to 7",
            "totals": "rounded independently", "open_counts": OPEN_COUNTS, "symbols": SYMBOLS,
        },
        "cells": {"values": len(v), "hidden_by_symbol": {str(k): int(n) for k, n in hidden.items()}},
        "agreements": agreements,
        "audiences": [{"name": a.name, "folder": a.folder, "readers": a.readers, "rules": a.rules} for a in AUDIENCES],
        "code_profile": code_profile(),
        "warehouse": hashes,
        "files": files,
    }  # fmt: skip


def _readme(board: Board, release_id: str) -> str:
    synthetic = (
        "THE DATA ARE SYNTHETIC: no row is about a real child, school or worker. The published figures of the DfE and ONS\n"
        "are real.\n\n"
        if board.synthetic
        else ""
    )
    parts = "\n".join(f"{a.folder + '/':<10} {a.readers}. {a.rules}." for a in AUDIENCES)
    return (
        f"Release {release_id}\n{report.TITLE}\nData to {words.day(board.as_of)}\n\n{synthetic}"
        f"{parts}\n\nStart with report/index.html. CSV files put an apostrophe before text that a spreadsheet would run as a\n"
        "formula; Parquet and DuckDB files carry raw text. release.json is the record of the rules applied, with hashes.\n"
    )


def write_board(board: Board, folder: Path) -> dict[str, int]:
    """The board tables as CSV with metadata. Returns how many rows each has."""
    tables = [
        _indicators(board),
        _comparators(board),
        _returns(board),
        _definitions(board),
        _published(board),
        _match_rates(board),
        _linkage(board),
    ]
    for name, title, frame, columns, notes in tables:
        write_table(folder, name, title, frame, columns, notes)
    return {name: len(frame) for name, _, frame, _, _ in tables}


Table = tuple[str, str, pd.DataFrame, dict[str, str], str]


def _marked(frame: pd.DataFrame, column: str, symbol: str, places: int) -> pd.Series:
    """A number as text, or the symbol that stands for it, in one column as the DfE's open data have it."""
    said = frame[column].map(lambda x: "" if pd.isna(x) else f"{x:.{places}f}")
    return said.where(frame[symbol] == "", frame[symbol])


def _indicators(board: Board) -> Table:
    v = board.values
    frame = pd.DataFrame(
        {
            "indicator_id": v["indicator_id"], "definition_version": v["definition_version"], "area_code": v["area_code"],
            "period_type": v["period_type"], "period_id": v["period_id"],
            "period_start": pd.to_datetime(v["period_start"]).dt.strftime("%Y-%m-%d"),
            "period_end": pd.to_datetime(v["period_end"]).dt.strftime("%Y-%m-%d"),
            "breakdown": v["breakdown"], "breakdown_value": v["breakdown_value"],
            "numerator": _marked(v, "n", "n_symbol", 0), "denominator": _marked(v, "d", "d_symbol", 0),
            "value": _marked(v, "value", "symbol", 1), "unit": v["unit"],
            "range_low": v["low"].round(1), "range_high": v["high"].round(1),
            "population_year": pd.to_numeric(v["population_year"], errors="coerce").astype("Int64"),
            "excluded": _marked(v, "excluded", "excluded_symbol", 0), "trust": v["trust"], "trust_reason": v["trust_reason"],
        }
    )  # fmt: skip
    frame = frame.sort_values(list(frame.columns[:9]), kind="stable", na_position="first")
    columns = {
        "indicator_id": "Indicator, see definitions.csv", "definition_version": "Version of the definition",
        "area_code": "ONS code of the council, or SCP_JOINT for both areas", "period_type": "Kind of period",
        "period_id": "Period", "period_start": "First day", "period_end": "Last day", "breakdown": "Breakdown, or total",
        "breakdown_value": "Group within the breakdown", "numerator": "n, protected, or a symbol",
        "denominator": "N, protected, or a symbol; a published population for rates",
        "value": "Worked out from the protected n and N, or a symbol", "unit": "Unit of the value",
        "range_low": "Lower end of the 95% range", "range_high": "Upper end of the 95% range",
        "population_year": "Year of the population estimate", "excluded": "Records left out, protected",
        "trust": "complete, partial or not_safe", "trust_reason": "Who is missing, or which rule",
    }  # fmt: skip
    notes = (
        f"Board profile: 0 shown as 0; counts 1 to {LARGEST_HIDDEN} shown as c; other counts rounded to {ROUNDING_BASE}; every cell on "
        f"its own, so totals may not add up. Open counts (not about children): {', '.join(OPEN_COUNTS)}."
    )
    return "indicators", "Indicator values", frame, columns, notes


def _comparators(board: Board) -> Table:
    c = board.comparators
    columns = {
        "indicator_id": "Indicator", "area_code": "Council that it is for", "comparator": "Which published figure",
        "year": "Year that it is for", "value": "Value as published", "symbol": "Symbol as published",
        "n_areas": "Areas behind a median", "source_table": "Published table",
    }  # fmt: skip
    return (
        "comparators",
        "Published comparators",
        c[list(columns)],
        columns,
        "As published by the DfE; no further protection.",
    )


def _returns(board: Board) -> Table:
    r = board.returns.copy()
    for column in ("due_on", "first_received_on"):
        r[column] = pd.to_datetime(r[column]).dt.strftime("%Y-%m-%d")
    columns = {
        "agency": "Agency", "extract": "Return", "submitter": "Sender", "area_code": "Council, when it has one",
        "period": "Period", "due_on": "Agreed date", "first_received_on": "Date of the first accepted file",
        "status": "on_time, late, missing or not_yet_due",
    }  # fmt: skip
    return "returns", "State of the returns", r[list(columns)], columns, "Counts of files, not of children."


def _definitions(board: Board) -> Table:
    rows = [{"indicator_id": i, **r} for i, r in sorted(board.register.items())]
    columns = {
        "indicator_id": "Indicator", "name": "Name", "meaning": "In plain words", "numerator": "What n counts",
        "denominator": "What N counts", "polarity": "+ higher is usually better, - lower, o context only", "unit": "Unit",
        "owner": "Who owns it", "sub_group": "Sub-group that watches it", "source": "Source of the definition",
        "benchmark": "Published table it is compared with", "version": "Version", "theme": "Theme",
    }  # fmt: skip
    return (
        "definitions",
        "Definitions of the indicators",
        pd.DataFrame(rows, columns=list(columns)),
        columns,
        "The register.",
    )


def _published(board: Board) -> Table:
    p = board.published
    wanted = {m for _, m, _, _ in report.PUBLISHED}
    areas = {"E92000001", "E12000005", *COUNCILS}
    p = p[p["measure"].isin(wanted) & p["area_code"].isin(areas)]
    columns = {
        "source_table": "Published table", "measure": "Measure", "area_code": "ONS code", "area_name": "Area",
        "geographic_level": "Level", "time_period": "Year ending 31 March", "value": "Value as published",
        "symbol": "Symbol as published",
    }  # fmt: skip
    notes = "Source: Department for Education, Open Government Licence v3.0. Real figures, as published."
    return "published", "Published figures", p[list(columns)], columns, notes


def _match_rates(board: Board) -> Table:
    r = board.linkage.rates
    frame = pd.DataFrame(
        {
            "agency": r["agency"], "extract": r["extract"], "submitter": r["submitter"], "period": r["period"],
            "submission_id": r["submission_id"], "numerator": _marked(r, "n", "n_symbol", 0),
            "denominator": _marked(r, "d", "d_symbol", 0), "value": _marked(r, "value", "symbol", 1),
            "range_low": r["low"].round(1), "range_high": r["high"].round(1),
        }
    )  # fmt: skip
    columns = {
        "agency": "Agency", "extract": "Return", "submitter": "Sender", "period": "Period", "submission_id": "Submission",
        "numerator": "Children whom another agency knows too, protected, or a symbol",
        "denominator": "Children in the return, protected, or a symbol", "value": "Match rate in percent, or a symbol",
        "range_low": "Lower end of the 95% range", "range_high": "Upper end of the 95% range",
    }  # fmt: skip
    notes = "Children of each return in force whom another agency knows too (DQ05). Counts of 1 to 7 are c, others are rounded to 5."
    return "match_rates", "Match rate of each return", frame, columns, notes


def _linkage(board: Board) -> Table:
    q = board.linkage.quality
    parts: dict[str, Any] = {
        c: q[c] for c in ("measured_on", "agency_a", "agency_b", "group_kind", "group_value")
    }
    columns = {
        "measured_on": "The records that were measured", "agency_a": "Agency of one record of the pair; all, or any",
        "agency_b": "Agency of the other record", "group_kind": "Kind of group, or all", "group_value": "Group",
    }  # fmt: skip
    for of, what in (
        ("recall", "of 100 pairs that are one child, linked"),
        ("precision", "of 100 pairs that are linked, one child"),
    ):
        parts |= {
            f"{of}_n": _marked(q, f"{of}_n", f"{of}_n_symbol", 0), f"{of}_of": _marked(q, f"{of}_d", f"{of}_d_symbol", 0),
            of: _marked(q, f"{of}_value", f"{of}_symbol", 2), f"{of}_low": q[f"{of}_low"].round(2), f"{of}_high": q[f"{of}_high"].round(2),
        }  # fmt: skip
        columns |= {
            f"{of}_n": f"n of the {of}, rounded, or a symbol", f"{of}_of": f"N of the {of}, rounded, or a symbol",
            of: f"{of.capitalize()}: {what}, or a symbol", f"{of}_low": "Lower end of its 95% range",
            f"{of}_high": "Upper end of its 95% range",
        }  # fmt: skip
    parts["is_recall_low"] = q["is_recall_low"]
    columns["is_recall_low"] = "More than 5 points below everybody of the same agencies (agencies: below all)"
    notes = "Pairs of records of invented children, where the truth is known; nothing of real ones. Percentages are from exact counts."
    return "linkage", "How well the same child is recognised", pd.DataFrame(parts), columns, notes
