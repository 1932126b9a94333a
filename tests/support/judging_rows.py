"""Single rows, all judged at once: what becomes of each, for a judgement costs a quarter of a second however few rows it has.

Lives here: rows that differ in what must be unique, judged as one delivery, and what was read and found of each.
Add here: another thing that a test asks of one row.
Must not live here: rows that a test looks at together (`judging.judged`), assertions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.support.judging import judged, row


@dataclass(frozen=True)
class OneRow:
    """A right row with changes, and what the judge makes of it."""

    rows: Rows
    number: int
    changes: dict[str, str | None]

    @property
    def typed(self) -> dict[str, Any]:
        """The values that were read."""
        return self.rows.found[self.number][0]

    @property
    def fails(self) -> dict[str, int]:
        """The rules that the row fails, and how often each is found."""
        return self.rows.found[self.number][1]

    @property
    def rejected(self) -> bool:
        return self.rows.found[self.number][2]


class Rows:
    """A module's rows. The first that is asked for has all of them judged."""

    def __init__(self) -> None:
        self._all: list[OneRow] = []

    def add(self, **changes: str | None) -> OneRow:
        one = OneRow(self, len(self._all), changes)
        self._all.append(one)
        return one

    @cached_property
    def found(self) -> list[tuple[dict[str, Any], dict[str, int], bool]]:
        with judged([row(one.number, **one.changes) for one in self._all]) as j:
            typed = {
                r["_row"]: (r, rejected)
                for rejected, part in ((False, j.accepted("cases")), (True, j.rejected("cases")))
                for r in part.to_pylist()
            }
            fails: dict[int, dict[str, int]] = {n: {} for n in typed}
            for found in j.findings("cases").to_pylist():
                mine, rule = fails[found["row"]], found["rule_id"].removeprefix("example.cases.")
                mine[rule] = mine.get(rule, 0) + 1
        assert len(typed) == len(self._all)
        return [(typed[n][0], fails[n], typed[n][1]) for n in sorted(typed)]
