"""Evaluation: how good linkage is, measured where the truth is known. Counts of pairs come out, and nothing else.

Lives here: counting pairs that belong together, pairs that were linked and pairs that are both, by agencies and by group.
Add here: another group of children by which linkage may err unequally (`_groups`).
Must not live here: linkage; intervals and rates (dbt: fct_linkage_quality); what a reader is told (publish/).

The truth is the synthetic partnership's: which (submitter, local id) is which invented child. A real partnership has no
such file, so nothing is measured there. A pair is two pseudonyms; it is counted under the agencies that hold the two, with
a pair inside one agency (a child with two ids) under that agency twice. `all` with `all` is every pair of two different
agencies: what "recognised across agencies" means. `any` with `any` has the pairs inside one agency as well.

Pairs are never made: of a child whom the police know twice and the council three times, 2 x 3 pairs belong together. A
pair belongs to a group when either of its children does, so that a wrong link of a boy to a girl is held against both.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ingest import registry
from ingest.identity.keys import Key, pseudonym_keys
from ingest.lake import Home, write_parquet
from ingest.privacy import child_token
from ingest.projections.arrow import IDENTITY

SCHEMA: Final = IDENTITY["linkage_quality"]
EVERY: Final = "all"
ANY: Final = "any"
UNKNOWN: Final = "Unknown"
#: Who perfect linkage could know a record to be, by what was sent: records with an id and nothing else are nobody's.
KNOWABLE: Final = "person_knowable"
#: Ages in whole months from which a child is in the band; the same bands as the framework's macro `age_band`.
AGE_BANDS: Final = ((0, "Under 1"), (12, "1 to 4"), (60, "5 to 9"), (120, "10 to 15"), (192, "16 and over"))
#: Wrong links of a kind of their own, by the column of the truth that says who could be mixed up: twins and brothers and
#: sisters with like names; and a child with a new identity, who must never be linked to the one before.
MIXED_UP: Final = {"family": "two children of one family", "formerly": "new identity with the one before"}

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def measure(home: Home) -> pa.Table:
    """The counts by agencies and group, in a fixed order; no rows where the truth is not known."""
    path = home.truth / "persons.parquet"
    if not path.exists():
        return SCHEMA.empty_table()
    people = pq.read_table(path).to_pandas()
    found = pq.read_table(home.person_map / "person_map.parquet").to_pandas()
    known = set(found["child_token"])
    first, *later = (pd.Series(_tokens(people, key)) for key in pseudonym_keys(home.identity))
    people["child_token"] = first.to_numpy()
    for tokens in later:  # under whichever version of the key linkage knows the child now
        people["child_token"] = people["child_token"].where(~tokens.isin(known).to_numpy(), tokens.to_numpy())
    people = people.merge(found, on="child_token", how="left")
    # A pseudonym that linkage has not met stands for itself, as it does in the warehouse.
    people["person_key"] = people["person_key"].fillna(people["child_token"])
    return count_pairs(people, _said(home), _today(home))


def write(home: Home) -> pa.Table:
    """Measure and keep the counts in the lake; without a truth file nothing is kept, not even what was measured before."""
    counts, path = measure(home), home.from_identity("linkage_quality") / "linkage_quality.parquet"
    if counts.num_rows:
        write_parquet(counts, path)
    else:
        path.unlink(missing_ok=True)
    return counts


def count_pairs(people: pd.DataFrame, measured_on: str, today: dt.date) -> pa.Table:
    """Counts of pairs over one row a pseudonym: child_token, agency, person_true, person_key and what groups are made of.

    Columns that are not there make no groups: sex, birth_month, ethnicity_broad, hard_case, family,
    formerly, person_knowable.
    """
    tally = _Tally.of(people)
    rows: list[dict[str, Any]] = []
    for kind, value, members in _groups(people, today):
        inside = tally.within(members)
        for a, b, (true, linked, correct) in inside.pairs():
            rows.append(
                {"measured_on": measured_on, "agency_a": a, "agency_b": b, "group_kind": kind, "group_value": value,
                 "true_pairs": true, "linked_pairs": linked, "correct_pairs": correct}
            )  # fmt: skip
    if KNOWABLE in people:
        for a, b, (linked, correct, could, found) in tally.knowable(_named(people, KNOWABLE)):
            rows.append(
                {"measured_on": measured_on, "agency_a": a, "agency_b": b, "group_kind": "knowable", "group_value": "knowable",
                 "true_pairs": could, "linked_pairs": linked - correct + found, "correct_pairs": found}
            )  # fmt: skip
    for column, value in MIXED_UP.items():
        for a, b, wrong in tally.wrong_among(_could_be(people, column)) if column in people else ():
            rows.append(
                {"measured_on": measured_on, "agency_a": a, "agency_b": b, "group_kind": "hard_case",
                 "group_value": value, "true_pairs": 0, "linked_pairs": wrong, "correct_pairs": 0}
            )  # fmt: skip
    order = ["group_kind", "group_value", "agency_a", "agency_b"]
    return pa.Table.from_pylist(sorted(rows, key=lambda r: [r[c] for c in order]), schema=SCHEMA)


@dataclass(frozen=True)
class _Tally:
    """Who is in which set of pseudonyms: by the truth, by linkage, by both. `members` None: every pseudonym counts."""

    agencies: list[str]
    agency: Ints
    sets: tuple[Ints, Ints, Ints]
    members: Flags | None = None

    @classmethod
    def of(cls, people: pd.DataFrame) -> _Tally:
        codes, names = pd.factorize(people["agency"], sort=True)
        truth, linked = _codes(_named(people, "person_true")), _codes(people["person_key"])
        return cls([str(n) for n in names], codes.astype(np.int64), (truth, linked, _both(truth, linked)))

    def within(self, members: Flags | None) -> _Tally:
        return _Tally(self.agencies, self.agency, self.sets, members)

    def pairs(self) -> Iterator[tuple[str, str, tuple[int, ...]]]:
        """(agency, agency, (belonging together, linked, both)) of every two agencies, of each with itself, and together."""
        every = [_pairs(self._sizes(s), self._sizes(s, outside=True)) for s in self.sets]
        yield from self._places(every)

    def wrong_among(self, could_be: pd.Series) -> Iterator[tuple[str, str, int]]:
        """Linked pairs of two different children who share a value, by agencies."""
        truth, linked, _ = self.sets
        together = _both(linked, _codes(could_be))
        right = _both(together, truth)
        none = np.zeros((1, len(self.agencies)), dtype=np.int64)
        both = [_pairs(self._sizes(s), none) for s in (together, right)]
        for a, b, (all_of_it, as_it_should_be) in self._places(both):
            yield a, b, all_of_it - as_it_should_be

    def knowable(self, known: pd.Series) -> Iterator[tuple[str, str, tuple[int, ...]]]:
        """(agency, agency, (linked, linked and one child, one child as far as anybody could know, of them linked))."""
        _, linked, both = self.sets
        could = _codes(known)
        none = np.zeros((1, len(self.agencies)), dtype=np.int64)
        yield from self._places(
            [_pairs(self._sizes(s), none) for s in (linked, both, could, _both(could, linked))]
        )

    def _places(self, counts: list[Ints]) -> Iterator[tuple[str, str, tuple[int, ...]]]:
        n = len(self.agencies)
        for i in range(n):
            for j in range(i, n):
                yield self.agencies[i], self.agencies[j], tuple(int(c[i, j]) for c in counts)
        for name, first in ((EVERY, 1), (ANY, 0)):
            place = np.triu_indices(n, first)
            yield name, name, tuple(int(c[place].sum()) for c in counts)

    def _sizes(self, sets: Ints, *, outside: bool = False) -> Ints:
        """How many pseudonyms each set has of each agency; `outside`: of those that are not members only."""
        n = len(self.agencies)
        place = sets * n + self.agency
        if outside:
            if self.members is None:
                return np.zeros((1, n), dtype=np.int64)
            place = place[~self.members]
        length = (int(sets.max(initial=-1)) + 1) * n
        return np.bincount(place, minlength=length).astype(np.int64).reshape(-1, n)


def _pairs(sizes: Ints, outside: Ints) -> Ints:
    """Pairs inside the sets by agencies, less the pairs of which neither is a member; [i, i] is inside agency i."""

    def whole(n: Ints) -> Ints:
        between = n.T @ n
        np.fill_diagonal(between, (n * (n - 1) // 2).sum(axis=0))
        return between

    return whole(sizes) - whole(outside)


def _groups(people: pd.DataFrame, today: dt.date) -> Iterator[tuple[str, str, Flags | None]]:
    """(kind, value, who is in it): everybody, then every value of every group that the truth knows."""
    yield EVERY, EVERY, None
    for kind, values in (
        ("sex", _said_or_unknown(people, "sex")),
        ("age_band", _age_band(people, today)),
        ("ethnicity_broad", _said_or_unknown(people, "ethnicity_broad")),
    ):
        if values is not None:
            for value in sorted(set(values)):
                yield kind, str(value), (values == value).to_numpy(dtype=bool)
    if "hard_case" in people:  # one record may be hard for several reasons
        cases = people["hard_case"].fillna("").str.split()
        for case in sorted(set(cases.explode().dropna())):
            yield "hard_case", str(case), cases.map(lambda mine, case=case: case in mine).to_numpy(dtype=bool)


def _could_be(people: pd.DataFrame, column: str) -> pd.Series:
    """Who could be mixed up with whom: the family, or the identity that a child had before; alone where nothing is said."""
    own = people["child_token"] if column == "family" else _named(people, "person_true")
    return people[column].where(people[column].fillna("") != "", own)


def _said_or_unknown(people: pd.DataFrame, column: str) -> pd.Series | None:
    if column not in people:
        return None
    return people[column].fillna("").astype(str).replace({"": UNKNOWN, "M": "Male", "F": "Female"})


def _age_band(people: pd.DataFrame, today: dt.date) -> pd.Series | None:
    if "birth_month" not in people:
        return None
    born = pd.to_datetime(people["birth_month"], errors="coerce")
    months = (today.year - born.dt.year) * 12 + today.month - born.dt.month
    band = pd.Series(UNKNOWN, index=people.index).mask(months < 0, "Unborn")
    for first, name in AGE_BANDS:
        band = band.mask(months >= first, name)
    return band


def _codes(values: pd.Series) -> Ints:
    return pd.factorize(values)[0].astype(np.int64)


def _both(one: Ints, other: Ints) -> Ints:
    """Sets of those who are in one set by both."""
    return _codes(pd.Series(one * (int(other.max(initial=0)) + 1) + other))


def _named(people: pd.DataFrame, column: str) -> pd.Series:
    """Who a record is; one that no child stands behind (a sender's test record) belongs with no other."""
    known = people[column].astype(object)
    return known.where(known.fillna("") != "", "t|" + people["child_token"].astype(str))


def _tokens(people: pd.DataFrame, key: Key) -> list[str]:
    """The pseudonyms of (submitter, local id), made as intake makes them (privacy.child_token)."""
    return [child_token(s, i, key) for s, i in zip(people["submitter"], people["local_id"], strict=True)]


def _said(home: Home) -> str:
    """What was measured, in words, from the marker of the synthetic partnership."""
    marker = home.truth / "_synthetic.json"
    if not marker.exists():
        return "a set of records whose truth is known"
    made = json.loads(marker.read_text(encoding="utf-8"))
    return f"synthetic partnership, size {made['size']:g}, seed {made['seed']}"


def _today(home: Home) -> dt.date:
    """The day by which ages are told: when the last submission came. No clock is read."""
    received = registry.submissions(home).column("received_at").to_pylist()
    return max(received).date() if received else dt.date(1970, 1, 1)
