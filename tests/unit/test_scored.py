"""The packaged model of scored linkage."""

from __future__ import annotations

from ingest.identity import scored


def test_the_packaged_model_weighs_every_attribute() -> None:
    for c in scored.packaged().comparisons:
        same, differ = (scored.bits(**c["levels"][level]) for level in ("same", "differ"))
        assert same > 0 > differ, c["name"]
