"""Opening a place with files: one fsspec file system for each kind, with checks that the libraries leave to us.

Lives here: how each kind is opened, and a listing that is the same for all.
Add here: the opener of another kind.
Must not live here: choosing what is taken; writing anything anywhere.

The libraries are imported when a source of their kind is opened, so that nobody needs all of them.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import fsspec

from ingest.transport.codes import Code, PullError
from ingest.transport.config import (
    AzureSource,
    FileSource,
    FolderSource,
    Limits,
    S3Source,
    SftpSource,
    one_line,
    secret,
)

BLOCK = 4 << 20


@dataclass(frozen=True, order=True)
class Remote:
    """One file as the place lists it. `parts` are the names below the source's path."""

    parts: tuple[str, ...]
    path: str
    size: int
    modified: float  # seconds since 1970, 0 when the place does not say
    etag: str = ""

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def mark(self) -> str:
        """What changes when the file does."""
        return f"{self.size}:{self.modified:.6f}:{self.etag}"


class Store:
    """A place with files, read only."""

    def __init__(self, fs: Any, root: str, limits: Limits, empty_is_there: bool = False) -> None:
        self._fs, self._root, self._limits = fs, root.rstrip("/") or "/", limits
        self._empty_is_there = empty_is_there

    def files(self) -> list[Remote]:
        """Every regular file down to the depth that is looked at, in a stable order. Links are never followed."""
        return sorted(self._walk())

    def _walk(self) -> Iterator[Remote]:
        todo: list[tuple[str, tuple[str, ...]]] = [(self._root, ())]
        listed = 0
        while todo:
            folder, above = todo.pop()
            for info in self._list(folder):
                path = str(info["name"]).rstrip("/")
                name = path.rsplit("/", 1)[-1]
                if path.strip("/") == folder.strip("/") or _is_link(info):
                    continue  # an object store lists a folder's own marker
                listed += 1
                if listed > self._limits.listed:
                    raise PullError(Code.TOO_MANY)
                if info.get("type") == "file":
                    yield _remote((*above, name), info)
                elif (
                    info.get("type") == "directory"
                    and not name.startswith(".")
                    and len(above) < self._limits.depth
                ):
                    todo.append((path, (*above, name)))

    def _list(self, folder: str) -> list[dict[str, Any]]:
        try:
            return self._fs.ls(folder, detail=True)
        except FileNotFoundError:
            # An object store has no folders: a prefix under which nothing lies yet is not there.
            if self._empty_is_there and self._fs.exists(self._bucket):
                return []
            raise

    @property
    def _bucket(self) -> str:
        return self._root.split("/")[0]

    def open(self, remote: Remote) -> IO[bytes]:
        return self._fs.open(remote.path, "rb", block_size=None if self._plain else BLOCK)

    @property
    def _plain(self) -> bool:
        """True where the library chooses its own block size best."""
        return not self._empty_is_there

    def again(self, remote: Remote) -> Remote:
        """The file as it is now."""
        return _remote(remote.parts, {**self._fs.info(remote.path), "name": remote.path})


class _LocalStore(Store):
    """A folder of this machine or a mounted share, where a link could lead anywhere."""

    def __init__(self, fs: Any, root: str, limits: Limits) -> None:
        super().__init__(fs, os.path.realpath(root), limits)
        if not Path(self._root).is_dir():
            raise PullError(Code.NOT_FOUND)

    def open(self, remote: Remote) -> IO[bytes]:
        # realpath first: a folder on the way may have become a link since it was listed.
        if os.path.realpath(Path(remote.path).parent) != str(Path(remote.path).parent):
            raise PullError(Code.CHANGED)
        return os.fdopen(os.open(remote.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")


def open_store(source: FileSource) -> Store:
    """The place of a source, logged in to. Raises whatever its library raises; `codes.code_of` names it."""
    if isinstance(source, FolderSource):
        return _LocalStore(fsspec.filesystem("file", skip_instance_cache=True), source.path, source.limits)
    if isinstance(source, SftpSource):
        return Store(_sftp(source), source.path, source.limits)
    if isinstance(source, S3Source):
        return Store(_s3(source), f"{source.bucket}/{source.path}".rstrip("/"), source.limits, True)
    return Store(_azure(source), f"{source.container}/{source.path}".rstrip("/"), source.limits, True)


def _sftp(source: SftpSource) -> Any:
    """SFTP by asyncssh. The known-hosts file is the only authority: no key, no connection.

    `known_hosts` is always given: sshfs and asyncssh check nothing when it is None. No configuration, agent or default
    key of the account is read, so that the file alone says how the server is logged in to.
    """
    import asyncssh
    from sshfs import SSHFileSystem

    if not source.known_hosts.is_file():
        raise PullError(Code.KNOWN_HOSTS)
    login: dict[str, Any]
    if source.login == "key":
        key = asyncssh.import_private_key(secret(source.secret_file))
        login = {"client_keys": [key], "preferred_auth": "publickey"}
    else:
        login = {
            "password": one_line(source.secret_file),
            "client_keys": None,
            "preferred_auth": "password,keyboard-interactive",
        }
    return SSHFileSystem(
        source.host,
        port=source.port,
        username=source.user,
        known_hosts=str(source.known_hosts),
        config=None,
        agent_path=None,
        x509_trusted_certs=None,
        gss_host=None,
        connect_timeout=source.timeout_seconds,
        login_timeout=source.timeout_seconds,
        keepalive_interval=15,
        keepalive_count_max=4,
        skip_instance_cache=True,
        **login,
    )


def _s3(source: S3Source) -> Any:
    from s3fs import S3FileSystem

    return S3FileSystem(
        key=source.key_id,
        secret=one_line(source.secret_file),
        endpoint_url=source.endpoint,
        client_kwargs={"region_name": source.region} if source.region else {},
        config_kwargs={
            "connect_timeout": source.timeout_seconds,
            "read_timeout": source.timeout_seconds,
            "retries": {"max_attempts": 2},
        },
        use_listings_cache=False,
        skip_instance_cache=True,
    )


def _azure(source: AzureSource) -> Any:
    """Azure Blob. The connection string is made here, so that nothing is taken from the environment instead."""
    from adlfs import AzureBlobFileSystem

    word = one_line(source.secret_file)
    if ";" in word:
        raise PullError(Code.SECRET_FORM)
    endpoint = source.endpoint or f"https://{source.account}.blob.core.windows.net"
    login = (
        f"AccountName={source.account};AccountKey={word}"
        if source.login == "account_key"
        else f"SharedAccessSignature={word.lstrip('?')}"
    )
    return AzureBlobFileSystem(
        account_name=source.account,
        connection_string=f"BlobEndpoint={endpoint};{login}",
        use_listings_cache=False,
        skip_instance_cache=True,
        connection_timeout=source.timeout_seconds,
        read_timeout=source.timeout_seconds,
    )


def _is_link(info: Mapping[str, Any]) -> bool:
    return bool(info.get("islink")) or info.get("type") == "link"


def _remote(parts: tuple[str, ...], info: Mapping[str, Any]) -> Remote:
    when = next((info[k] for k in ("mtime", "LastModified", "last_modified") if info.get(k) is not None), 0.0)
    modified = when.timestamp() if isinstance(when, dt.datetime) else float(when)
    etag = str(info.get("ETag") or info.get("etag") or "")
    return Remote(parts, str(info["name"]), int(info.get("size") or 0), modified, etag)
