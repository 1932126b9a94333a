"""The identifier store: one encrypted Parquet file a submission, readable with the store key only.

Lives here: the store's schema; writing, promoting, reading and removing its files.
Add here: another identifier that a contract may name (contract.Identity) and linkage may use.
Must not live here: linkage; pseudonyms; anything that writes outside the identity folder.

Parquet's own modular encryption (AES-GCM, footer and columns) with one data key a file, derived from the store key and
the file's name; the name is also bound in as additional data, so files cannot be exchanged for each other. Properties
are made afresh for each use: a shared factory has been seen to serve a cached key to a reader without one.
"""

# pyarrow.compute makes its functions while it is imported, so a type checker cannot see them.
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe

from ingest.identity.keys import STORE, Key, load_key, private_folder, pseudonym_keys

SCHEMA = pa.schema(
    [
        ("child_token", pa.string()),
        ("submitter", pa.string()),
        ("agency", pa.string()),
        ("local_id", pa.string()),
        ("nhs_number", pa.string()),
        ("upn", pa.string()),
        ("former_upn", pa.string()),
        ("birth_date", pa.date32()),
        ("sex", pa.string()),
        ("forename", pa.string()),
        ("surname", pa.string()),
        ("postcode", pa.string()),
        ("expected_birth_date", pa.date32()),
        ("identity_ended_on", pa.date32()),
        # The pseudonym under the first version of the key, where it is another: what holds a child together over versions.
        ("first_token", pa.string()),
    ]
)


class IdentityStore:
    """The identity folder of one home. `staged` files wait for promotion; only `identifiers` files are linked."""

    def __init__(self, folder: Path) -> None:
        self._folder = private_folder(folder)

    @property
    def folder(self) -> Path:
        return self._folder

    @property
    def _key(self) -> Key:
        return load_key(self._folder, STORE)

    def stage(self, submission_id: str, rows: pa.Table) -> None:
        """Keep the identifiers of a submission that has been judged but not promoted."""
        self._write(self._path("staged", submission_id), rows)

    def promote(self, submission_id: str) -> None:
        """Make staged identifiers count. Repeating it is harmless."""
        staged, final = self._path("staged", submission_id), self._path("identifiers", submission_id)
        if staged.exists():
            private_folder(final.parent)
            staged.replace(final)

    def read(
        self,
        submission_ids: Iterable[str],
        columns: Sequence[str] | None = None,
        tokens: Sequence[str] | None = None,
    ) -> pa.Table:
        """The identifiers of these submissions, with `submission_id` first. Ids that hold no persons are left out.

        `tokens` asks for the rows of these pseudonyms only.
        """
        wanted = list(columns) if columns is not None else SCHEMA.names
        among = None if tokens is None else pa.array(tokens, pa.string())
        parts = [
            part.add_column(0, "submission_id", pa.repeat(pa.scalar(submission_id), part.num_rows))
            for submission_id in submission_ids
            if (part := self._read(self._path("identifiers", submission_id), wanted, among)) is not None
        ]
        schema = pa.schema([pa.field("submission_id", pa.string()), *(SCHEMA.field(c) for c in wanted)])
        return pa.concat_tables([p.cast(schema) for p in parts]) if parts else schema.empty_table()

    def stem_of(self, token: str) -> str:
        """The pseudonym under the first version of the key: how decisions and pinned persons know the child."""
        rows = self.read(sorted(self.ids()), ["child_token", "first_token"], [token])
        return next((t for t in rows["first_token"].to_pylist() if t), token)

    def versions_of(self, tokens: Iterable[str]) -> set[str]:
        """These pseudonyms and all that the same children of the same senders have under other versions of the key."""
        wanted = set(tokens)
        if len(pseudonym_keys(self._folder)) == 1 or not wanted:
            return wanted
        rows = self.read(sorted(self.ids()), ["child_token", "first_token"])
        first = pc.coalesce(rows["first_token"], rows["child_token"])
        known = pc.is_in(rows["child_token"], pa.array(sorted(wanted), pa.string()))
        stems = pa.array(sorted({*first.filter(known).to_pylist(), *wanted}), pa.string())
        return {*stems.to_pylist(), *rows["child_token"].filter(pc.is_in(first, stems)).to_pylist()}

    def ids(self) -> set[str]:
        """Submissions with promoted identifiers."""
        return {p.stem for p in (self._folder / "identifiers").glob("*.parquet")}

    def state(self, name: str) -> pa.Table | None:
        """What linkage keeps between runs under this name, or None."""
        path = self._path("linkage", name)
        if not path.exists():
            return None
        properties = pe.create_decryption_properties(self._data_key(path))
        return pq.ParquetFile(path, decryption_properties=properties).read()

    def put_state(self, name: str, table: pa.Table) -> None:
        """Keep it, encrypted, whole or not at all."""
        self._write(self._path("linkage", name), table)

    def drop_state(self, name: str) -> None:
        """Keep it no longer; linkage makes it again."""
        self._path("linkage", name).unlink(missing_ok=True)

    def forget(self, submission_id: str) -> None:
        """Remove a submission's identifiers, staged or promoted."""
        for stage in ("staged", "identifiers"):
            self._path(stage, submission_id).unlink(missing_ok=True)

    def clear_staged(self) -> int:
        """Remove what was staged and never promoted, and files left half-written. Returns how many."""
        left = [*(self._folder / "staged").glob("*.parquet"), *self._folder.rglob("*.partial")]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    def _path(self, stage: str, submission_id: str) -> Path:
        return self._folder / stage / f"{submission_id}.parquet"

    def _data_key(self, path: Path) -> bytes:
        return self._key.digest(f"identifiers|{path.stem}")

    def _write(self, path: Path, rows: pa.Table) -> None:
        private_folder(path.parent)
        partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
        properties = pe.create_encryption_properties(self._data_key(path), aad_prefix=path.stem.encode())
        try:
            handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as sink:
                pq.write_table(rows, sink, compression="zstd", encryption_properties=properties)
                sink.flush()
                os.fsync(sink.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def _read(self, path: Path, columns: list[str], tokens: pa.Array | None = None) -> pa.Table | None:
        if not path.exists():
            return None
        properties = pe.create_decryption_properties(self._data_key(path))
        file = pq.ParquetFile(path, decryption_properties=properties)
        # A column that the store has had only since a later version is empty in the files of an earlier one.
        there = [c for c in columns if c in file.schema_arrow.names]
        rows = file.read(columns=there)
        for position, name in enumerate(columns):
            if name not in there:
                rows = rows.add_column(
                    position, SCHEMA.field(name), pa.nulls(rows.num_rows, SCHEMA.field(name).type)
                )
        return rows if tokens is None else rows.filter(pc.is_in(rows["child_token"], value_set=tokens))
