"""What a reviewer is shown of a pair of records."""

from __future__ import annotations

from ingest.identity import review


def test_of_several_values_those_that_both_have_are_not_shown() -> None:
    said: list[dict[str, object]] = [
        {"child_token": "a", "surname": "Zqone"},
        {"child_token": "a", "surname": "Zqtwo"},
        {"child_token": "b", "surname": "Zqtwo"},
        {"child_token": "b", "surname": None},
    ]
    a, b = (review._values(said, t, ("surname",)) for t in "ab")  # pyright: ignore[reportPrivateUsage]
    assert review._only(a, b) == "Zqone" and review._only(b, a) == ""  # pyright: ignore[reportPrivateUsage]
