"""Key files: made on first use, readable by their owner only, never in the environment, in SQL or in a log.

Lives here: creating, checking and reading the key files of one home folder; keyed hashes made with them.
Add here: a key of another purpose or the next version of one.
Must not live here: encrypting or hashing particular data; anything that prints.

A key that is lost or exchanged would give every child another pseudonym without any error. Hence the check value: a
short keyed hash of a constant, written beside the key. When the check value is there and the key is not, or does not
match, nothing runs.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hmac
import os
import re
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

KEY_BYTES = 32
#: The first version of the pseudonym key. It names persons for ever, whatever version makes pseudonyms now.
PSEUDONYM = FIRST_PSEUDONYM = "pseudonym-v1"
STORE = "store-v1"


class KeyProblem(RuntimeError):
    """A key file cannot be trusted. The message names the file and the remedy, never its content."""


@dataclass(frozen=True)
class Key:
    """Key material that does not show itself in a traceback, a log line or a debugger's summary."""

    name: str
    material: bytes = field(repr=False)

    @property
    def version(self) -> int:
        """The number at the end of its name."""
        return int(self.name.rpartition("-v")[2])

    def digest(self, message: str) -> bytes:
        """HMAC-SHA-256 of the message."""
        return hmac.digest(self.material, message.encode(), "sha256")


def private_folder(folder: Path) -> Path:
    """Create the folder for its owner only, and close it to others if something opened it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if stat.S_IMODE(folder.stat().st_mode) != 0o700:
        folder.chmod(0o700)
    return folder


def load_key(folder: Path, name: str) -> Key:
    """Read a key, or make it when there is nothing yet that an earlier key could have protected."""
    path, check = folder / f"{name}.key", folder / f"{name}.check"
    private_folder(folder)
    if not path.exists():
        # Asked again last: another process may have made both since.
        if (check.exists() or _holds_data(folder)) and not path.exists():
            raise KeyProblem(
                f"The key file {path.name} is missing but data made with it exists. "
                "Restore the key file from its backup, or start with an empty home folder."
            )
        _create(path, secrets.token_bytes(KEY_BYTES), 0o400)
    key = Key(name, _read(path))
    expected = key.digest(f"check|{name}").hex()[:16]
    if not check.exists():
        _create(check, expected.encode(), 0o400)
    if not hmac.compare_digest(check.read_text(encoding="ascii").strip(), expected):
        raise KeyProblem(
            f"The key file {path.name} is not the key that this home folder was made with. "
            "Restore the key file from its backup."
        )
    return key


def pseudonym_keys(folder: Path) -> list[Key]:
    """Every version of the pseudonym key, oldest first. The last makes new pseudonyms; the others still recognise theirs."""
    return [load_key(folder, f"{_KIND}{n}") for n in range(1, _newest(folder) + 1)]


def newest_pseudonym(folder: Path) -> Key:
    """The key that new pseudonyms are made with."""
    return load_key(folder, f"{_KIND}{_newest(folder)}")


def rotate(folder: Path) -> Key:
    """Make the next version of the pseudonym key. Raises KeyProblem when one that is there cannot be trusted."""
    name = f"{_KIND}{pseudonym_keys(folder)[-1].version + 1}"
    material = secrets.token_bytes(KEY_BYTES)
    _create(folder / f"{name}.key", material, 0o400)
    return load_key(folder, name)  # makes the check value; a run killed before this makes it on first use


def made(folder: Path) -> list[tuple[str, dt.date]]:
    """Name and day of each key file."""
    return [
        (p.stem, dt.datetime.fromtimestamp(p.stat().st_mtime, dt.UTC).date())
        for p in sorted(folder.glob("*.key"))
    ]


_KIND = "pseudonym-v"


def _newest(folder: Path) -> int:
    """The highest version that has a key or a check value: a version whose key was lost is missed, not forgotten."""
    versions = [
        int(m[1])
        for p in folder.glob(f"{_KIND}*")
        if (m := re.fullmatch(rf"{_KIND}([1-9][0-9]*)\.(?:key|check)", p.name))
    ]
    return max(versions, default=1)


def _holds_data(folder: Path) -> bool:
    return any((folder / "identifiers").glob("*.parquet"))


def _read(path: Path) -> bytes:
    status = path.stat()
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise KeyProblem(
            f"The key file {path.name} can be read by others than its owner. Run: chmod 400 {path}"
        )
    if not stat.S_ISREG(status.st_mode) or status.st_size != KEY_BYTES:
        raise KeyProblem(
            f"The key file {path.name} is not {KEY_BYTES} bytes long. Restore it from its backup."
        )
    return path.read_bytes()


def _create(path: Path, content: bytes, mode: int) -> None:
    """Write whole or not at all, and never over a file that another process made first."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(6)}.partial")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as sink:
            sink.write(content)
            sink.flush()
            os.fsync(sink.fileno())
        # A link fails where a rename would replace; two processes starting at once must agree on one key.
        with contextlib.suppress(FileExistsError):
            os.link(partial, path)
    finally:
        partial.unlink(missing_ok=True)
