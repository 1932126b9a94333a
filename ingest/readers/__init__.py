"""Readers: a delivery's bytes become one Arrow table of strings per contract table, inside limits.

Lives here: the one entry, `read`, and the checks that hold whatever the format.
Add here: the line that sends a new delivery format to its reader.
Must not live here: what any cell means.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute

from ingest.contract import Contracts, Extract, Table
from ingest.readers.base import (
    Delivery,
    FileCode,
    FileProblem,
    Ignored,
    ReadResult,
    Refused,
    SetAside,
    ShapeReject,
    TableRead,
    problem,
)

pc: Any = pyarrow.compute  # its functions are made at run time, so no type checker knows them

__all__ = [
    "Delivery",
    "FileCode",
    "FileProblem",
    "Ignored",
    "ReadResult",
    "Refused",
    "SetAside",
    "ShapeReject",
    "TableRead",
    "as_sent",
    "read",
]


def read(delivery: Delivery, extract: Extract, contracts: Contracts | None = None) -> ReadResult:
    """Read a delivery with the fields of every year of its layout. Raises Refused, and nothing else, for a bad file."""
    if delivery.refusal is not None:
        raise Refused(delivery.refusal)
    _check_manifest(delivery)
    extract = as_sent(delivery, extract)
    try:
        result = _reader(extract.delivery.format)(delivery, extract)
    except Refused:
        raise
    except MemoryError:
        raise Refused(FileCode.FILE_LIMIT, limit="memory allows") from None
    except OSError:
        raise Refused(FileCode.FILE_UNREADABLE) from None
    except Exception as error:
        # A reader's own defect must not stop other files, and its message may quote the file: only the type is kept.
        raise Refused(FileCode.FILE_UNREADABLE, type(error).__name__) from None
    _check_rows(delivery, result)
    if contracts is not None:
        for name, table in result.tables.items():
            table.data = _divided(table.data, extract.by_table[name], contracts)
    return result


def as_sent(delivery: Delivery, extract: Extract) -> Extract:
    """The extract in the form in which this delivery came."""
    return extract.as_sent(delivery.files[0].suffix) if delivery.files else extract


def _divided(data: pa.Table, table: Table, contracts: Contracts) -> pa.Table:
    """Codes that stand in another field's column go to their own field, so that nobody takes UN4 for a number."""
    for field in table.fields:
        if field.also_in is None:
            continue
        codes = [c.code.upper() for c in contracts.codelists[str(field.codelist)].codes]
        other = data.column(field.also_in)
        is_code = pc.is_in(pc.utf8_upper(pc.utf8_trim_whitespace(other)), value_set=pa.array(codes))
        none = pa.scalar(None, pa.string())
        own = pc.if_else(is_code, other, data.column(field.name))
        for name, column in ((field.name, own), (field.also_in, pc.if_else(is_code, none, other))):
            position = data.column_names.index(name)
            data = data.set_column(position, data.field(position), column)
    return data


def _reader(format_: str):
    # Imported when needed: a landing folder without workbooks never pays for the workbook reader.
    if format_ == "xml":
        from ingest.readers import xml

        return xml.read
    if format_ == "json":
        from ingest.readers import json

        return json.read
    if format_ == "xlsx":
        from ingest.readers import xlsx

        return xlsx.read
    from ingest.readers import csv

    return csv.read


def _check_manifest(delivery: Delivery) -> None:
    """A manifest is a promise: the bytes must be the promised ones."""
    files = delivery.manifest.get("files") or {}
    for path, sha in zip(delivery.files, delivery.file_sha256, strict=False):
        stated = files.get(path.name, {}).get("sha256")
        if stated and str(stated).lower() != sha:
            raise Refused(FileCode.FILE_CHECKSUM)


def _check_rows(delivery: Delivery, result: ReadResult) -> None:
    files = delivery.manifest.get("files") or {}
    stated = [files.get(p.name, {}).get("rows") for p in delivery.files]
    if not stated or not all(isinstance(n, int) for n in stated):
        return
    found = sum(t.received for t in result.tables.values())
    if len(result.tables) > 1 and len(delivery.files) == 1:
        found = next(
            iter(result.tables.values())
        ).received  # one file, many tables: the manifest counts the first
    total = sum(n for n in stated if isinstance(n, int))
    if found != total:
        result.problems.append(problem(FileCode.FILE_ROWS, found=found, stated=total))
