"""Clusters: from pairs of tokens to persons, without letting a chain of links join what contradicts itself.

Lives here: connected components, what contradicts, undoing the weakest links of a component until nothing does.
Add here: another contradiction.
Must not live here: pairs and their outcomes (outcomes.py), keys of persons (persons.py).

A is linked to B and B to C; A and C need never have been compared. Where two tokens of one component contradict each other,
the weakest links of that component go, then the next, until the contradiction is gone or the two are apart. The result depends
on the pairs only, not on their order. Components without a contradiction, nearly all, are looked at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ingest.identity.compare import BIRTH, FORENAME, POSTCODE, SURNAME
from ingest.identity.outcomes import DECIDED, NUMBER, ended


@dataclass(frozen=True)
class Clusters:
    """`labels`: the person number of each node, from 0. `kept`: which links hold. `undone`: components that were cut."""

    labels: np.ndarray
    kept: np.ndarray
    undone: int


#: Everything agrees, the home too (outcomes.ALL_AGREES, for two records).
ALIKE = (
    f"({FORENAME.case()}) in {FORENAME.gamma('same', 'exchanged')} and ({SURNAME.case()}) = {SURNAME.gamma('same')[0]} "
    f"and ({BIRTH.case()}) = {BIRTH.gamma('same')[0]} and ({POSTCODE.case()}) = {POSTCODE.gamma('same')[0]}"
)


def cluster(con: duckdb.DuckDBPyConnection, nodes: int) -> Clusters:
    """Persons from `link` (a, b, strength) and `apart` (a, b: decided by people to be two children)."""
    found = con.execute("select a, b, strength from link order by a, b, strength").fetchnumpy()
    a, b, strength = (np.asarray(found[c], dtype=np.int64) for c in ("a", "b", "strength"))
    kept = np.ones(len(a), dtype=bool)
    fast = strength >= NUMBER
    sides = _components(nodes, a[fast], b[fast])
    con.register("sides", pa.table({"node": np.arange(nodes), "side": sides}))
    con.execute("create or replace temp table locked as select * from sides")
    con.unregister("sides")
    labels = _components(nodes, a, b)
    torn = _contradictory(con, labels, np.ones(nodes, dtype=bool))
    undone = len(torn)
    while len(torn):
        inside = kept & np.isin(labels[a], torn)
        # A decided link is never undone: people had the last word.
        loose = inside & (strength < DECIDED)
        if not loose.any():
            break
        weakest = np.full(int(labels.max()) + 1, DECIDED, dtype=np.int64)
        np.minimum.at(weakest, labels[a[loose]], strength[loose])
        kept &= ~(loose & (strength == weakest[labels[a]]))
        touched = np.isin(labels, torn)
        labels = _components(nodes, a[kept], b[kept])
        torn = _contradictory(con, labels, touched)
    return Clusters(labels, kept, undone)


def _components(nodes: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    graph = coo_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(nodes, nodes))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _contradictory(con: duckdb.DuckDBPyConnection, labels: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Labels of components in which two tokens contradict each other; only components of the nodes `among`."""
    con.register("labels", pa.table({"node": np.flatnonzero(among), "label": labels[among]}))
    try:
        return con.execute(_CONTRADICTIONS).to_arrow_table().column(0).to_numpy()
    finally:
        con.unregister("labels")


#: Tokens that one number holds together (`locked`) are one side, with all their records: a child whose forename was changed
#: agrees with both. Two sides contradict each other when people said so; when no two of their records agree on the birth date, or
#: on the forename; when their NHS numbers differ and not all else agrees; when the identity of one ended before the other began.
#: Two tokens that a rule links are no contradiction, whatever they look like.
_CONTRADICTIONS = f"""
    with several as (select label from labels group by label having count(*) > 1),
    member as (select l.node, l.label, k.side from labels l semi join several using (label) join locked k using (node)),
    two as (
        select x.node as a, y.node as b, x.label, x.side as side_a, y.side as side_b
        from member x join member y on x.label = y.label and x.side < y.side
    ),
    -- Most sides of a component are linked, and then only people's word can part them.
    linked as (
        select distinct least(x.side, y.side) as side_a, greatest(x.side, y.side) as side_b
        from link k join member x on k.a = x.node join member y on k.b = y.node where x.label = y.label and x.side <> y.side
    ),
    parted as (
        select distinct x.label from apart p join member x on p.a = x.node join member y on p.b = y.node
        where x.label = y.label and x.side <> y.side
    ),
    compared as (
        select
            t.label, side_a, side_b, max({BIRTH.case()}) as birth, max({FORENAME.case()}) as forename,
            bool_or(coalesce(not list_has_any(na.nhs, nb.nhs) and not ({ALIKE}), false))
                and not bool_or(coalesce(list_has_any(na.nhs, nb.nhs), false)) as numbers_differ,
            bool_or({ended("ta", "tb")}) as ended
        from (from two anti join linked using (side_a, side_b)) t join record l on t.a = l.node join record r on t.b = r.node
        join token ta on t.a = ta.node join token tb on t.b = tb.node
        left join number_of na on t.a = na.node left join number_of nb on t.b = nb.node
        group by all
    )
    select label from parted
    union
    select label from compared
    where birth = {BIRTH.gamma("differ")[0]} or forename = {FORENAME.gamma("differ")[0]} or numbers_differ or ended
"""
