"""The transport file: which places are fetched from, for whom, and how each is logged in to.

Lives here: the strict model of the file, and reading secrets from files that nobody else may read.
Add here: another kind of place, another setting of one.
Must not live here: a secret (only the path of its file); opening connections; anything about an extract that its contract
says already.
"""

from __future__ import annotations

import ipaddress
import os
import re
import stat
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import yaml
from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, model_validator

from ingest.contract import NAME, Contracts, Extract, Strict
from ingest.transport.codes import Code, PullError

#: Where the file lies when nothing else is said: below the home folder.
FILE = "transport.yml"
MAX_SECRET_BYTES = 65_536
#: Kinds in which a folder can be renamed as a whole. An object store only has names of objects.
_RENAMES_FOLDERS = ("folder", "sftp")
_LABEL = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,254}$")
_TEXT_FORMATS = ("csv", "csv_set")


class TransportError(ValueError):
    """The transport file cannot be used. The message names the place in the file, never what stands there."""


def _label(text: str) -> str:
    """Hosts, users, buckets: words that go into a connection unquoted."""
    if not _LABEL.match(text):
        raise ValueError("letters, digits, dots, hyphens and underscores only")
    return text


Label: TypeAlias = Annotated[str, AfterValidator(_label)]


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _endpoint(text: str) -> str:
    match = re.fullmatch(r"(https?)://([A-Za-z0-9.\-]+|\[[0-9a-f:]+\])(:\d+)?(/[A-Za-z0-9_\-]*)?", text)
    if match is None:
        raise ValueError("an address like https://host:port")
    if match[1] == "http" and not is_loopback(match[2].strip("[]")):
        raise ValueError("http only to this machine itself: use https")
    return text


Endpoint: TypeAlias = Annotated[str, AfterValidator(_endpoint)]


class Limits(Strict):
    """How much one pull may fetch. A single file is held to the contract's own limit as well."""

    files: int = Field(default=1_000, ge=1)
    bytes: int = Field(default=20_000_000_000, ge=1)
    listed: int = Field(default=100_000, ge=1)
    depth: int = Field(default=4, ge=1, le=12)


class _Source(Strict):
    name: str
    extract: str
    submitter: str
    enabled: bool = True
    limits: Limits = Limits()
    timeout_seconds: int = Field(default=30, ge=1, le=600)

    @model_validator(mode="after")
    def _named(self) -> _Source:
        if not NAME.match(self.name):
            raise ValueError("a source's name is snake_case")
        return self


class _Files(_Source):
    """A place with files. `path` is the folder in which deliveries appear."""

    path: str
    #: rename: the final name is the signal. manifest: a folder is complete when all that its manifest lists is there.
    complete: Literal["rename", "manifest"]
    match: tuple[str, ...] = ()  # globs on file names; default: what the contract's format is called


class FolderSource(_Files):
    kind: Literal["folder"]


class SftpSource(_Files):
    kind: Literal["sftp"]
    host: Label
    port: int = Field(default=22, ge=1, le=65_535)
    user: Label
    login: Literal["key", "password"] = "key"
    secret_file: Path
    known_hosts: Path


class S3Source(_Files):
    kind: Literal["s3"]
    bucket: Label
    path: str = ""
    key_id: Label
    secret_file: Path
    endpoint: Endpoint | None = None  # another than Amazon's
    region: Label | None = None


class AzureSource(_Files):
    kind: Literal["azure"]
    account: Label
    container: Label
    path: str = ""
    login: Literal["account_key", "sas_token"] = "sas_token"
    secret_file: Path
    endpoint: Endpoint | None = None


class DatabaseSource(_Source):
    """A query for each table of the extract, run for each of the newest periods that have ended."""

    kind: Literal["postgresql"]
    host: Label
    port: int = Field(default=5432, ge=1, le=65_535)
    database: Label
    user: Label
    secret_file: Path
    #: Nothing but this machine itself is spoken to without checking who it is.
    tls: Literal["verify-full", "none"] = "verify-full"
    tls_root: Path | None = None  # the issuer's certificate; default: what the operating system trusts
    queries: dict[str, str]
    periods: int = Field(default=2, ge=1, le=60)
    query_seconds: int = Field(default=600, ge=1, le=7_200)

    @model_validator(mode="after")
    def _safe(self) -> DatabaseSource:
        if self.tls == "none" and not is_loopback(self.host):
            raise ValueError("tls: none only to this machine itself")
        for table, sql in self.queries.items():
            if not re.search(r":period_(start|end)\b", sql):
                raise ValueError(f"the query of {table} does not use :period_start or :period_end")
            if not re.search(r"\border\s+by\b", sql, re.IGNORECASE):
                raise ValueError(
                    f"the query of {table} needs an order by, so that the same rows make the same file"
                )
        return self


FileSource: TypeAlias = FolderSource | SftpSource | S3Source | AzureSource
Source: TypeAlias = FileSource | DatabaseSource
_ONE: TypeAdapter[Source] = TypeAdapter(Annotated[Source, Field(discriminator="kind")])


class BadSource(Strict):
    """A source that is not declared correctly. It fails alone; the others are fetched."""

    name: str
    why: tuple[str, ...]  # places and rules, never values


class Transport(Strict):
    """Everything that is fetched."""

    sources: tuple[Source, ...]
    bad: tuple[BadSource, ...] = ()


def load(path: Path, contracts: Contracts) -> Transport:
    """Read the transport file. Raises TransportError when the file as a whole cannot be read; one bad source does not."""
    try:
        raw: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TransportError(f"there is no {path.name}; docs/transport.md says what to write in it") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise TransportError(f"{path.name} is not YAML (line {line})") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise TransportError(f"{path.name} cannot be read") from None
    if not isinstance(raw, dict) or set(raw) != {"sources"} or not isinstance(raw["sources"], list):
        raise TransportError(f"{path.name} must hold one list, `sources`")
    good: list[Source] = []
    bad: list[BadSource] = []
    for number, entry in enumerate(raw["sources"], start=1):
        name = _name(entry, number)
        if name in {s.name for s in (*good, *bad)}:
            bad.append(BadSource(name=f"source_{number}", why=("its name is used twice",)))
            continue
        try:
            good.append(_checked(_ONE.validate_python(entry), contracts, path.parent))
        except ValidationError as error:
            bad.append(BadSource(name=name, why=_said(error)))
        except TransportError as error:
            bad.append(BadSource(name=name, why=(str(error),)))
    return Transport(sources=tuple(good), bad=tuple(bad))


def _name(entry: Any, number: int) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return name if isinstance(name, str) and NAME.match(name) else f"source_{number}"


def _said(error: ValidationError) -> tuple[str, ...]:
    """What is wrong and where, without what was written there: it could be a password in the wrong place."""
    return tuple(
        f"{'.'.join(str(part) for part in found['loc'][1:]) or 'kind'}: {found['msg']}"
        for found in error.errors(include_input=False, include_url=False, include_context=False)
        if found["type"] != "union_tag_invalid"
    ) or ("kind: folder, sftp, s3, azure or postgresql",)


def _checked(source: Source, contracts: Contracts, base: Path) -> Source:
    """The source with its paths made whole, held against its contract."""
    if source.extract not in contracts:
        raise TransportError("extract: no contract of that name")
    extract = contracts[source.extract]
    if source.submitter not in extract.submitters:
        raise TransportError("submitter: does not deliver this extract")
    if isinstance(source, DatabaseSource):
        _check_queries(source, extract)
    elif (
        extract.delivery.format == "csv_set"
        and source.complete == "rename"
        and source.kind not in _RENAMES_FOLDERS
    ):
        raise TransportError("complete: a set of files in an object store needs a manifest")
    paths = {
        field: base / value
        for field in ("secret_file", "known_hosts", "tls_root")
        if (value := getattr(source, field, None)) is not None
    }
    if isinstance(source, FolderSource):
        paths["path"] = str(base / source.path)  # type: ignore[assignment]
    return source.model_copy(update=paths)


def _check_queries(source: DatabaseSource, extract: Extract) -> None:
    if extract.delivery.format not in _TEXT_FORMATS:
        raise TransportError("extract: a query makes CSV, and this extract is not CSV")
    known = {t.name for t in extract.tables}
    needed = {t.name for t in extract.tables if not t.optional}
    if set(source.queries) - known:
        raise TransportError("queries: a table that the extract does not have")
    if needed - set(source.queries):
        raise TransportError("queries: a table of the extract is missing")


def secret(path: Path) -> str:
    """The secret in a file that only we may read. Raises PullError; the message never says what or where."""
    _guard(path)
    try:
        text = path.read_bytes()[: MAX_SECRET_BYTES + 1].decode("utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError):
        raise PullError(Code.SECRET_FORM) from None
    if not text or len(text) > MAX_SECRET_BYTES or "\0" in text:
        raise PullError(Code.SECRET_FORM)
    return text


def one_line(path: Path) -> str:
    """A password, a key, a token: one line."""
    text = secret(path)
    if "\n" in text:
        raise PullError(Code.SECRET_FORM)
    return text


def _guard(path: Path) -> None:
    try:
        found = path.lstat()
    except OSError:
        raise PullError(Code.SECRET_MISSING) from None
    if not stat.S_ISREG(found.st_mode):
        raise PullError(Code.SECRET_MISSING)
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO) or found.st_uid not in (os.geteuid(), 0):
        raise PullError(Code.SECRET_OPEN)
