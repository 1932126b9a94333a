"""Transport: fetching deliveries from where partners leave them, into landing.

Lives here: folder, SFTP, S3 and Azure through fsspec, PostgreSQL through ADBC; what is complete; what was fetched before.
Add here: another kind of place (a model in `config`, an opener in `stores`).
Must not live here: reading what a file says, judging it, deciding whether an agreement allows it. Landing begins where
this ends, and a delivery that was fetched is treated like one that was dropped.

Nothing is ever changed or removed at the source. Nothing half-written is ever visible in landing.
"""

from ingest.transport.config import Transport, load
from ingest.transport.fetching import Outcome, pull

__all__ = ["Outcome", "Transport", "load", "pull"]
