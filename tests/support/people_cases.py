"""Many cases of linkage in one run, none of which can touch another.

A run costs most of a second however few rows it has, and a score depends on two records and the model only: so cases whose
children have nothing in common come out together as they do alone. Each case is moved into a world of its own: its
pseudonyms, numbers and postcodes are nobody else's, its children are born ten years after those of the case before.

Lives here: moving a case's rows, linking all cases of a module once, and what came out for one of them.
Add here: another attribute by which two cases could meet.
Must not live here: rows of a case, assertions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ingest.identity.linkage import Linked
from ingest.validators import passes
from tests.support.people_rows import Row, keys, link, nhs, upn

#: Children of cases are born in this decade: the next case's in the next.
DECADE = range(2010, 2020)


@dataclass(frozen=True)
class Case:
    """Rows of a few children, and what linkage makes of them."""

    cases: Cases
    number: int
    rows: tuple[Row, ...]

    @property
    def people(self) -> dict[str, str]:
        """Pseudonym, as the case's rows have it -> person key."""
        return self.cases.found[self.number]

    @property
    def persons(self) -> int:
        return len(set(self.people.values()))

    @property
    def together(self) -> bool:
        """Whether all rows are about one person."""
        return self.persons == 1

    @property
    def queue(self) -> list[dict[str, object]]:
        """The case's pairs that wait for a person."""
        return self.cases.waiting[self.number]

    @property
    def reasons(self) -> set[str]:
        """Why they wait."""
        return {str(pair["reason"]) for pair in self.queue}


class Cases:
    """A module's cases. The first that is asked for its outcome has all of them linked."""

    def __init__(self) -> None:
        self._all: list[Case] = []

    def add(self, *rows: Row) -> Case:
        case = Case(self, len(self._all), rows)
        self._all.append(case)
        return case

    @cached_property
    def linked(self) -> Linked:
        return link(*(row for case in self._all for row in moved(case.rows, case.number)))

    @cached_property
    def found(self) -> list[dict[str, str]]:
        out: list[dict[str, str]] = [{} for _ in self._all]
        case_of: dict[str, int] = {}
        for pseudonym, person in keys(self.linked).items():
            number, token = _of(pseudonym)
            out[number][token] = person
            assert case_of.setdefault(person, number) == number, "two cases share a person"
        return out

    @cached_property
    def waiting(self) -> list[list[dict[str, object]]]:
        out: list[list[dict[str, object]]] = [[] for _ in self._all]
        for pair in self.linked.queue.to_pylist():
            (a, _), (b, _) = (_of(pair[token]) for token in ("token_a", "token_b"))
            assert a == b, "two cases share a pair"
            out[a].append(pair)
        return out


def moved(rows: Sequence[Row], number: int) -> list[Row]:
    """The same rows in a world of their own: nothing in them is in the rows of another number."""
    shift = _shift(rows, number)
    return [_moved(row, number, shift) for row in rows]


def _moved(row: Row, number: int, shift: int) -> Row:
    out = dict(row)
    for name in ("child_token", "local_id"):
        if out.get(name) is not None:
            out[name] = f"{number:03d}.{out[name]}"
    for name in ("nhs_number", "upn", "former_upn"):
        if out.get(name) is not None:
            out[name] = _number(str(out[name]), shift)
    if out.get("postcode") is not None:
        out["postcode"] = f"{number}{out['postcode']}"
    if isinstance(born := out.get("birth_date"), dt.date) and born.year in DECADE:
        out["birth_date"] = born.replace(year=born.year + len(DECADE) * number)
    return out


def _of(pseudonym: str) -> tuple[int, str]:
    number, _, token = pseudonym.partition(".")
    return int(number), token


def _number(text: str, shift: int) -> str:
    """Another valid number that differs from the case's others in the same digits. What is not valid links nobody: it stays."""
    number = text.replace(" ", "")
    if passes("nhs_number", [number])[0]:
        body = f"{number[:3]}{(int(number[3:6]) + shift) % 1000:03d}{number[6:9]}"
        return nhs(body)
    if passes("upn", [number])[0]:
        body = f"{number[1:4]}{(int(number[4:7]) + shift) % 1000:03d}{number[7:]}"
        return upn(body) if body.isdigit() else upn(f"{body[:-1]}0")[0] + body
    return text


def _shift(rows: Sequence[Row], number: int) -> int:
    """How far this case's numbers move: every third step, or the next one where a number would have no check digit."""
    for shift in range(3 * number, 3 * number + 3):
        try:
            [_moved(row, number, shift) for row in rows]
        except AssertionError:
            continue
        return shift
    raise AssertionError("no numbers for this case")
