"""A home with nothing but an identity room and a registry: what linkage needs, without files to take in.

Lives here: returns that arrive, linking them, publishing.
Add here: another thing that linkage looks at.
Must not live here: assertions; who is sent (people_rows.py).
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.identity import linkage
from ingest.identity.store import SCHEMA, IdentityStore
from ingest.lake import Home, write_parquet, write_text
from ingest.projections.arrow import PIPELINE
from tests.support.people_rows import Row
from tests.support.small_landing import place_keys


class Room:
    """The home, and what was linked in it."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        if not self.home.identity.exists():
            place_keys(self.home)
        self.store = IdentityStore(self.home.identity)

    def copy(self, root: Path) -> Room:
        """The same room at another place."""
        shutil.copytree(self.home.root, root)
        return Room(root)

    def arrive(self, submission: str, rows: Sequence[Row], *, number: int = 1, of: str | None = None) -> None:
        """A return comes in. `of`: it replaces the return of that id."""
        month = int((of or submission)[1:])
        start = dt.date(2024, month, 1)
        end = (start + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1)
        known: dict[str, object] = {
            "submission_id": submission, "agency": "council", "extract": "any", "submitter": "any", "period": f"2024-{month:02d}",
            "period_start": start, "period_end": end, "submission_no": number, "status": "accepted", "sha256": submission,
            "received_at": dt.datetime.combine(end, dt.time(9, number)), "rows_received": 1, "rows_accepted": 1, "rows_rejected": 0,
        }  # fmt: skip
        schema = PIPELINE["submissions"]
        said = [{f.name: r.get(f.name) for f in SCHEMA} for r in rows]
        self.store.stage(submission, pa.Table.from_pylist(said, schema=SCHEMA))
        self.store.promote(submission)
        table = pa.Table.from_pylist([{f.name: known.get(f.name) for f in schema}], schema=schema)
        write_parquet(table, self.home.pipeline("submissions") / f"{submission}.parquet")

    def link(self) -> dict[str, str]:
        linkage.link(self.home)
        m = pq.read_table(self.home.person_map / "person_map.parquet")
        return dict(zip(m["child_token"].to_pylist(), m["person_key"].to_pylist(), strict=True))

    def publish(self, release: str) -> None:
        write_text(release, self.home.releases / "current")

    @property
    def map_bytes(self) -> bytes:
        return (self.home.person_map / "person_map.parquet").read_bytes()

    @property
    def events(self) -> list[dict[str, object]]:
        return pq.read_table(self.home.from_identity("person_event") / "person_event.parquet").to_pylist()
