"""Landing: what has arrived, which extract it is, which period and which sender it says it is.

Lives here: discovery and fingerprints, matching a file to a contract, resolving period and submitter from what is stated.
Add here: another place where a period or a submitter may be stated (contract.Origin).
Must not live here: reading tables; deciding whether an agreement allows the delivery; writing anything.

Content comes before the manifest, the manifest before the folder, the folder before the file's name; a name is believed
only where the contract says so. Two places that disagree are a finding, never a silent choice.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute

from ingest import headers
from ingest.calendar import Period, PeriodError, parse_period, period_of
from ingest.contract import FORMAT_SUFFIXES, Contracts, Extract, FieldSpec, FieldType, Origin
from ingest.readers import csv as csv_reader
from ingest.readers import json as json_reader
from ingest.readers import xml as xml_reader
from ingest.readers.base import Delivery, FileCode, FileProblem, ReadResult, Refused, problem

__all__ = ["Delivery", "Resolved", "discover", "resolve"]

pc: Any = pyarrow.compute  # its functions are made at run time, so no type checker knows them

MANIFEST = "_manifest.json"
MAX_MANIFEST_BYTES = 1_000_000
#: Names under which programs upload. The final name is the sign that an upload is finished.
UPLOADS = (".*", "*.part", "*.partial", "*.filepart", "*.tmp", "*.crdownload")
#: Files that are never deliveries: uploads under way, schemas, notes, a spreadsheet program's lock file.
NOT_DELIVERIES = (*UPLOADS, "_manifest.json", "*.xsd", "*.md", "~$*")
#: Different days looked at when a column says the period; real files have a few hundred.
MAX_DAYS = 20_000


# --- discovery --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _File:
    path: Path
    size: int
    modified: float
    refusal: FileCode | None  # a link, a pipe, a device


def discover(landing: Path, contracts: Contracts) -> list[Delivery]:
    """Every delivery below a folder, in a stable order. Files that nothing recognises come with `key` None and a reason.

    Never raises for a file: what is wrong with one is kept in `Delivery.refusal` for the reader to raise.
    """
    out: list[Delivery] = []
    for folder, files in _walk(landing):
        out += _folder(landing, folder, files, contracts)
    return out


def _walk(landing: Path) -> Iterator[tuple[Path, list[_File]]]:
    """Folders and their files by name. Links are listed, never followed."""
    if landing.is_file() and not landing.is_symlink():
        yield landing.parent, [_stat(landing)]
        return
    for here, folders, names in os.walk(landing, followlinks=False):
        folder = Path(here)
        links = [f for f in folders if (folder / f).is_symlink()]
        folders[:] = sorted(f for f in folders if f not in links and not f.startswith("."))
        wanted = sorted(
            n for n in [*names, *links] if not any(fnmatchcase(n.casefold(), p) for p in NOT_DELIVERIES)
        )
        files = [_stat(folder / name) for name in wanted]
        if files:
            yield folder, files


def _stat(path: Path) -> _File:
    try:
        found = path.lstat()
    except OSError:
        return _File(path, 0, 0.0, FileCode.FILE_UNREADABLE)
    regular = stat.S_ISREG(found.st_mode)
    return _File(
        path, found.st_size if regular else 0, found.st_mtime, None if regular else FileCode.FILE_NOT_REGULAR
    )


def _folder(landing: Path, folder: Path, files: list[_File], contracts: Contracts) -> list[Delivery]:
    manifest, bad_manifest = _manifest(folder)
    placed = _placed(landing, folder, contracts)
    singles: list[tuple[str | None, _File, str]] = []
    sets: dict[str, list[_File]] = {}
    for file in files:
        key, why = (placed, "") if placed else _match(file, contracts)
        if key is not None and contracts[key].as_sent(file.path.suffix).delivery.format == "csv_set":
            if file.refusal is None and csv_reader.table_of(file.path.name, contracts[key]) is None:
                singles.append((None, file, f"no table of {key} has a file of that name"))
            else:
                sets.setdefault(key, []).append(file)
        else:
            singles.append((key, file, why))
    groups: list[tuple[str | None, list[_File], str]] = [
        (k, one, "") for k, fs in sets.items() for one in _one_set_a_return(fs, contracts[k])
    ]
    groups += [(k, [f], why) for k, f, why in singles]
    groups.sort(key=lambda g: (g[1][0].path.name, g[0] or ""))
    return [
        _delivery(landing, folder, key, group, why, manifest, bad_manifest, contracts)
        for key, group, why in groups
    ]


def _table_name(file: _File, extract: Extract) -> str:
    table = csv_reader.table_of(file.path.name, extract)
    return table.name if table else ""


def _one_set_a_return(files: list[_File], extract: Extract) -> list[list[_File]]:
    """The files of a folder, by return: several years lie in one folder when their names carry different numbers.

    Only where a table has several files; then the numbers tell the sets apart, and what each is for is still read from
    its rows. Two files of one table with the same numbers stay together, and are refused together.
    """
    tables = Counter(_table_name(f, extract) for f in files)
    if max(tables.values()) == 1:
        return [files]
    sets: dict[tuple[str, ...], list[_File]] = {}
    for file in files:
        sets.setdefault(tuple(re.findall(r"\d{4,}", file.path.stem)), []).append(file)
    return list(sets.values())


def _delivery(
    landing: Path,
    folder: Path,
    key: str | None,
    files: list[_File],
    why: str,
    manifest: Mapping[str, Any],
    bad_manifest: bool,
    contracts: Contracts,
) -> Delivery:
    refusal = next((f.refusal for f in files if f.refusal), None)
    if refusal is None and bad_manifest and key is not None:
        refusal = FileCode.MANIFEST_MALFORMED
    shas: list[str] = []
    for file in files:
        sha, broken = _fingerprint(file)
        shas.append(sha)
        refusal = refusal or broken
    extract = contracts[key].as_sent(files[0].path.suffix) if key else None
    if refusal is None and extract is not None and extract.delivery.format == "csv_set":
        listed = {n for n in _manifest_files(manifest) if csv_reader.table_of(n, extract)}
        if listed - {p.name for p in folder.iterdir()}:
            refusal = FileCode.FILE_INCOMPLETE
    parts = _relative(landing, folder)
    return Delivery(
        key=key,
        files=tuple(f.path for f in files),
        root=folder,
        sha256=_whole(files, shas, extract),
        bytes=sum(f.size for f in files),
        received_at=_received(manifest, files),
        manifest=manifest,
        path_submitter=_path_submitter(parts, extract),
        path_period=_path_period(parts, extract),
        why=why,
        refusal=refusal,
        file_sha256=tuple(shas),
    )


def _fingerprint(file: _File) -> tuple[str, FileCode | None]:
    if file.refusal is not None:
        return hashlib.sha256(os.fsencode(file.path.name)).hexdigest(), None
    try:
        with csv_reader.open_regular(file.path) as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest(), None
    except Refused as refused:
        return hashlib.sha256(os.fsencode(file.path.name)).hexdigest(), refused.code
    except OSError:
        return hashlib.sha256(os.fsencode(file.path.name)).hexdigest(), FileCode.FILE_UNREADABLE


def _whole(files: Sequence[_File], shas: Sequence[str], extract: Extract | None) -> str:
    """The content's fingerprint: a file's own, or of a set its tables' (not its names: a renamed file is the same file)."""
    if extract is None or extract.delivery.format != "csv_set":
        return shas[0]
    tables = [csv_reader.table_of(f.path.name, extract) for f in files]
    lines = sorted(f"{t.name if t else ''}:{s}" for t, s in zip(tables, shas, strict=True))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _relative(landing: Path, folder: Path) -> tuple[str, ...]:
    try:
        return folder.relative_to(landing).parts
    except ValueError:
        return ()


def _placed(landing: Path, folder: Path, contracts: Contracts) -> str | None:
    """The extract of a folder that lies at <agency>/<extract>/… below the landing folder."""
    parts = _relative(landing, folder)
    key = "/".join(parts[:2])
    return key if len(parts) >= 2 and key in contracts else None


def _path_submitter(parts: tuple[str, ...], extract: Extract | None) -> str | None:
    if extract is None:
        return None
    return next((p for p in parts[2:] if p in extract.submitters), None)


def _path_period(parts: tuple[str, ...], extract: Extract | None) -> str | None:
    """A folder whose name, or its part before `__`, is the id of a period of the extract's cadence."""
    if extract is None:
        return None
    for part in parts[2:]:
        name = part.split("__")[0]
        try:
            period = parse_period(extract.delivery.cadence, name)
        except PeriodError:
            continue
        if period.id == name:
            return period.id
    return None


def _match(file: _File, contracts: Contracts) -> tuple[str | None, str]:
    """Recognise a file outside agency folders: by its content where it says what it is, else by name and column names."""
    name = file.path.name.casefold()
    suffix = file.path.suffix.casefold()
    if file.refusal is not None:
        return None, "a link, a pipe or a device"
    if suffix == ".xml":
        return _match_xml(file.path, contracts)
    by_name = [
        key
        for key, extract in sorted(contracts.items())
        if suffix in FORMAT_SUFFIXES[extract.delivery.format]
        and any(fnmatchcase(name, p.casefold()) for p in extract.delivery.match)
    ]
    if not by_name:
        return None, "no contract has a file of that name"
    if suffix == ".xlsx":
        return (by_name[0], "") if len(by_name) == 1 else (None, "several contracts have a file of that name")
    fit = json_reader.share if suffix == ".json" else _header_share
    scores = {key: fit(file.path, contracts[key]) for key in by_name}
    best = max(scores.values())
    winners = [key for key, found in scores.items() if found == best]
    if best == 0:
        return None, "the name is that of a return but its column names are not"
    return (winners[0], "") if len(winners) == 1 else (None, "several contracts have such a file")


def _match_xml(path: Path, contracts: Contracts) -> tuple[str | None, str]:
    try:
        head = xml_reader.peek(path)
    except Refused as refused:
        key = _broken_xml(path, contracts)
        return (key, "") if key else (None, f"unreadable: {refused.code.value}")
    keys = [
        k
        for k, e in sorted((k, e.as_sent(".xml")) for k, e in contracts.items())
        if e.delivery.format == "xml" and xml_reader.is_return(head, e)
    ]
    return (keys[0], "") if len(keys) == 1 else (None, "no contract has XML of that kind")


def _broken_xml(path: Path, contracts: Contracts) -> str | None:
    """Whose XML a file is that cannot be parsed, so that its sender is told why: what its first bytes say, else its name.

    A name that tells a return apart comes before the one that takes every XML file.
    """
    name = path.name.casefold()
    forms = [(k, e.as_sent(".xml")) for k, e in sorted(contracts.items())]
    takers = [(k, e) for k, e in forms if e.delivery.format == "xml"]
    said = [k for k, e in takers if xml_reader.mentions(path, e)]
    named = [(k, [p for p in e.delivery.match if fnmatchcase(name, p.casefold())]) for k, e in takers]
    telling = [k for k, globs in named if any(p != "*.xml" for p in globs)]
    any_xml = [k for k, globs in named if "*.xml" in globs]
    return next((keys[0] for keys in (said, telling, any_xml) if len(keys) == 1), None)


def _header_share(path: Path, extract: Extract) -> float:
    """How well the file's header fits: 0 when no row is its header, else the share of the table's columns found."""
    table = csv_reader.table_of(path.name, extract)
    if table is None:
        return 0.0
    try:
        cells = csv_reader.peek_header(path, table, extract)
    except (Refused, OSError, UnicodeError):
        return 0.0
    return headers.score(cells, table) / len(table.fields) if cells else 0.0


# --- manifests --------------------------------------------------------------------------------------------------------------


def _manifest(folder: Path) -> tuple[Mapping[str, Any], bool]:
    """The folder's manifest and whether it is broken. A missing one is normal; an unreadable one refuses what it covers."""
    path = folder / MANIFEST
    if not path.exists() and not path.is_symlink():
        return {}, False
    try:
        with csv_reader.open_regular(path) as handle:
            data = handle.read(MAX_MANIFEST_BYTES + 1)
        if len(data) > MAX_MANIFEST_BYTES:
            return {}, True
        found = json.loads(data.decode("utf-8-sig"))
    except (Refused, OSError, ValueError, RecursionError):
        return {}, True
    if not isinstance(found, dict) or not _well_formed(found):
        return {}, True
    return found, False


def _well_formed(found: dict[str, Any]) -> bool:
    files = found.get("files", {})
    texts = all(isinstance(found.get(k, ""), str) for k in ("received_at", "period", "submitter"))
    number = found.get("submission_no", 1)
    return (
        texts
        and isinstance(number, int)
        and isinstance(files, dict)
        and all(isinstance(v, dict) for v in files.values())
    )


def _manifest_files(manifest: Mapping[str, Any]) -> set[str]:
    return set(manifest.get("files") or {})


def _received(manifest: Mapping[str, Any], files: Sequence[_File]) -> dt.datetime:
    """When it arrived, without a zone, in UTC; the manifest's word, else the newest file's time."""
    stated = manifest.get("received_at")
    if stated:
        try:
            when = dt.datetime.fromisoformat(stated)
        except ValueError:
            pass
        else:
            return when.astimezone(dt.UTC).replace(tzinfo=None) if when.tzinfo else when
    newest = max((f.modified for f in files), default=0.0)
    return dt.datetime.fromtimestamp(int(newest), tz=dt.UTC).replace(tzinfo=None)


# --- period and submitter ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Resolved:
    period: Period
    submitter: str
    problems: tuple[FileProblem, ...]


_SOURCES = {
    "xml": "file's header",
    "json": "file's outermost object",
    "column": "rows",
    "title": "title",
    "manifest": "manifest",
    "path": "folder",
    "filename": "file name",
}


_NO_PERIOD = (
    "Nothing says which period the file is for.",
    "State the period in the file or in the manifest.",
)
_NO_SENDER = (
    "Nothing says who sent the file.",
    "Send it through the sender's own folder, or name the sender in the manifest.",
)
_STRANGER = (
    "The file names a sender that does not deliver this return.",
    "Check the authority number; send only your own return.",
)


def resolve(read: ReadResult, delivery: Delivery, extract: Extract, contracts: Contracts) -> Resolved:
    """The period and the sender, from the contract's origins in order. Raises Refused when nothing states one."""
    problems: list[FileProblem] = []
    period = _period(read, delivery, extract, problems)
    submitter = _submitter(read, delivery, extract, contracts, problems)
    return Resolved(period, submitter, tuple(problems))


def _origins(stated: Sequence[Origin]) -> list[Origin]:
    """The contract's origins, then the manifest and the folder, which may always speak."""
    kinds = {o.kind for o in stated}
    return [*stated, *(Origin(kind=k) for k in ("manifest", "path") if k not in kinds)]


def _period(read: ReadResult, delivery: Delivery, extract: Extract, problems: list[FileProblem]) -> Period:
    found: list[tuple[Origin, Period]] = []
    for origin in _origins(extract.delivery.period_from):
        if origin.kind == "filename" and found:
            continue  # a name is read only when nothing else speaks
        period = _stated_period(origin, read, delivery, extract)
        if period is not None:
            found.append((origin, period))
    if not found:
        raise Refused(FileCode.FILE_PERIOD, instead=_NO_PERIOD)
    first = found[0]
    for origin, period in found[1:]:
        if period != first[1]:
            problems.append(
                problem(
                    FileCode.FILE_PERIOD,
                    first=first[1].id,
                    source=_named(first[0]),
                    other=_named(origin),
                    then=period.id,
                )
            )
            break
    return first[1]


def _named(origin: Origin) -> str:
    """A place by the sender's own name for it, where it has one."""
    place = _SOURCES[origin.kind]
    return f"{place} ({origin.path.rpartition('/')[2]})" if origin.kind == "xml" and origin.path else place


def _stated_period(origin: Origin, read: ReadResult, delivery: Delivery, extract: Extract) -> Period | None:
    cadence = extract.delivery.cadence
    if origin.kind in ("xml", "json"):
        return _parse(cadence, read.stated.get(origin.path or ""))
    if origin.kind == "manifest":
        return _parse(cadence, delivery.manifest.get("period"))
    if origin.kind == "path":
        return _parse(cadence, delivery.path_period)
    if origin.kind == "column":
        return _column_period(origin, read, extract)
    texts = read.stated.get("titles", ()) if origin.kind == "title" else [p.name for p in delivery.files]
    for text in texts:
        match = re.search(origin.pattern or "(?!)", str(text)[:500])
        if match and (period := _parse(cadence, match[1])):
            return period
    return None


def _parse(cadence: str, text: object) -> Period | None:
    if not isinstance(text, str) or not text.strip():
        return None
    try:
        return parse_period(cadence, text.strip()[:40])
    except (PeriodError, ValueError):
        return None


def _column_period(origin: Origin, read: ReadResult, extract: Extract) -> Period | None:
    """The period that most rows lie in. Of published series, which carry all their years, the newest."""
    table = read.tables.get(origin.table or "")
    if table is None or origin.field is None or origin.field not in table.data.column_names:
        return None
    field = extract.by_table[table.table].by_name[origin.field]
    days = _days(table.data[field.name], field)
    cadence = extract.delivery.cadence
    if cadence == "vintage":
        return period_of(cadence, max(days)) if days else None
    counted: Counter[Period] = Counter()
    for day, rows in days.items():
        try:
            counted[period_of(cadence, day)] += rows
        except ValueError:
            continue
    if not counted:
        return None
    most = max(counted.values())
    return max(p for p, rows in counted.items() if rows == most)


def _days(column: pa.ChunkedArray, field: FieldSpec) -> dict[dt.date, int]:
    """How many rows lie on each day. Each different day is parsed once, so the cost follows the days, not the rows."""
    heads = pc.utf8_slice_codeunits(pc.utf8_ltrim(column, characters=" '\t\u00a0"), 0, 10)
    formats = [f.split(" ")[0] for f in field.formats]
    out: Counter[dt.date] = Counter()
    for entry in pc.value_counts(heads)[:MAX_DAYS].to_pylist():
        day = _day(entry["values"], field, formats) if entry["values"] else None
        if day is not None:
            out[day] += entry["counts"]
    return out


_NUMBER = re.compile(r"^\d{1,5}(\.\d*)?$")


def _day(text: str, field: FieldSpec, formats: Sequence[str]) -> dt.date | None:
    head = re.split(r"[ T]", text, maxsplit=1)[0]
    if field.type is FieldType.integer:  # a year: 2024, or 202324 for a year of two calendar years
        year = re.match(r"^(19|20)\d\d", head)
        return dt.date(int(year[0]), 12, 31) if year else None
    try:
        return dt.date.fromisoformat(head)
    except ValueError:
        pass
    for form in formats:
        try:
            return dt.datetime.strptime(head, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    if _NUMBER.match(head) and 1 <= float(head) <= 60_000:  # a spreadsheet's day number
        return dt.date(1899, 12, 30) + dt.timedelta(days=int(float(head)))
    return None


def _submitter(
    read: ReadResult, delivery: Delivery, extract: Extract, contracts: Contracts, problems: list[FileProblem]
) -> str:
    found: list[tuple[str, str]] = []
    for origin in _origins(extract.delivery.submitter_from):
        name = _stated_submitter(origin, read, delivery, extract, contracts)
        if name is not None:
            found.append((origin.kind, name))
    if not found and len(extract.submitters) == 1:
        return extract.submitters[0]  # the contract knows only one sender: nothing to choose
    if not found:
        raise Refused(FileCode.FILE_SUBMITTER, instead=_NO_SENDER)
    first = found[0]
    for kind, name in found[1:]:
        if name != first[1]:
            problems.append(problem(FileCode.FILE_SUBMITTER, source=_SOURCES[first[0]], other=_SOURCES[kind]))
            break
    return first[1]


def _stated_submitter(
    origin: Origin, read: ReadResult, delivery: Delivery, extract: Extract, contracts: Contracts
) -> str | None:
    known = _known(extract, contracts)
    if origin.kind == "path":
        return delivery.path_submitter
    if origin.kind == "manifest":
        stated = delivery.manifest.get("submitter")
        return _must_know(known, str(stated), origin) if stated else None
    if origin.kind in ("xml", "json"):
        stated = read.stated.get(origin.path or "")
        return _must_know(known, str(stated), origin) if stated else None
    if origin.kind == "column":
        return _column_submitter(origin, read, known)
    texts = read.stated.get("titles", ()) if origin.kind == "title" else [p.name for p in delivery.files]
    for text in texts:
        match = re.search(origin.pattern or "(?!)", str(text)[:500])
        if match and match[1].strip().casefold() in known:
            return known[match[1].strip().casefold()]
    return None


def _known(extract: Extract, contracts: Contracts) -> dict[str, str]:
    """Every way of naming a sender of the extract -> the sender."""
    out: dict[str, str] = {}
    for name in extract.submitters:
        for alias in (name, *contracts.submitter(name).aliases):
            out.setdefault(alias.casefold(), name)
    return out


def _must_know(known: Mapping[str, str], stated: str, origin: Origin) -> str:
    """A file that names a sender we do not know is not taken for another's. Refused, whatever the folder says."""
    name = known.get(stated.strip().casefold())
    if name is None:
        raise Refused(FileCode.FILE_SUBMITTER, f"the {_SOURCES[origin.kind]}", instead=_STRANGER)
    return name


def _column_submitter(origin: Origin, read: ReadResult, known: Mapping[str, str]) -> str | None:
    table = read.tables.get(origin.table or "")
    if table is None or table.data.num_rows == 0 or origin.field not in table.data.column_names:
        return None
    counted: Counter[str] = Counter()
    strangers = 0
    values = pc.value_counts(pc.utf8_trim_whitespace(table.data[origin.field])).to_pylist()
    for entry in values:
        text = entry["values"]
        if not text:
            continue
        name = known.get(re.sub(r"\.0$", "", text.lstrip("'")).casefold())
        if name is None:
            strangers += entry["counts"]
        else:
            counted[name] += entry["counts"]
    if not counted:
        if strangers:
            raise Refused(FileCode.FILE_SUBMITTER, "the rows", instead=_STRANGER)
        return None
    most = max(counted.values())
    return min(n for n, rows in counted.items() if rows == most)
