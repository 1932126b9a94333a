"""Persons: the keys that analysts know a person by, the same from run to run, and the record of when one changed.

Lives here: giving each cluster of tokens a key, keeping published keys, telling merges and splits.
Add here: another kind of event.
Must not live here: who is linked to whom (clusters.py), what a release is (publish).

A new person's key is a keyed hash of the person's first token by (period, agency, submitter, token), and always of the token that
the first version of the key makes, with that version: another key for pseudonyms changes no person. It depends on what was
sent, not on the order in which it arrived. When a release has been published its keys are pinned: from then on a person keeps
the key whatever is added or corrected, and the two things that can happen to it are events with a reason and a date: two
persons prove to be one (merge: the key of the earlier first token stays) or one proves to be two (split: the part with the
first token keeps it). See DECISIONS for why keys are pinned at publication and not before.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from ingest.identity.keys import Key
from ingest.projections.arrow import IDENTITY, PERSON_MAP

PREFIX = "p1_"
#: The map as it was published, with the token that each key was made from.
PINNED = pa.schema(
    [
        ("child_token", pa.string()),
        ("person_key", pa.string()),
        ("is_anchor", pa.bool_()),
        ("release_id", pa.string()),
    ]
)
EVENT = IDENTITY["person_event"]


@dataclass(frozen=True)
class Persons:
    """`person_map` for everybody, `anchored` the same with what pinning needs, `events` since the pinned release."""

    person_map: pa.Table
    anchored: pa.Table
    events: pa.Table


def name(
    con: duckdb.DuckDBPyConnection, labels: np.ndarray, pinned: pa.Table, key: Key, recorded_on: object
) -> Persons:
    """Keys for the clusters of `token`. `pinned` is empty before the first release."""
    con.register("labels", pa.table({"node": np.arange(len(labels)), "label": labels}))
    con.register("pinned_map", pinned)
    con.execute(_HELD)
    fresh = con.execute(
        "select label, token from anchor left join keeps using (label) where person_key is null order by label"
    ).to_arrow_table()
    minted = pa.table(
        {
            "label": fresh["label"],
            "person_key": pa.array([_mint(key, token) for token in fresh["token"].to_pylist()], pa.string()),
        }
    )
    con.register("minted", minted)
    con.execute(_NAMED)
    person_map = (
        con.execute("select token as child_token, person_key from named order by token")
        .to_arrow_table()
        .cast(PERSON_MAP)
    )
    anchored = con.execute(
        "select stem as child_token, arg_min(person_key, token) as person_key, bool_or(is_anchor) as is_anchor, '' as release_id from named group by stem order by stem"
    ).to_arrow_table()
    con.register("on_day", pa.table({"recorded_on": pa.array([recorded_on], pa.date32())}))
    events = con.execute(_EVENTS).to_arrow_table()
    ids = [
        _event_id(*row)
        for row in zip(
            *(events[c].to_pylist() for c in ("kind", "from_person_key", "to_person_key", "release_id")),
            strict=True,
        )
    ]
    events = events.set_column(0, "event_id", pa.array(ids, pa.string())).cast(EVENT)
    for view in ("labels", "pinned_map", "minted", "on_day"):
        con.unregister(view)
    return Persons(person_map, anchored.cast(PINNED), events)


def _mint(key: Key, token: str) -> str:
    return f"{PREFIX}{key.digest(f'person|{token}').hex()[:32]}"


def _event_id(*parts: str | None) -> str:
    return hashlib.sha256("|".join(p or "" for p in parts).encode()).hexdigest()[:16]


_HELD = """
    create or replace temp table clustered as
        select l.label, t.token, t.stem, t.node, struct_pack(p := t.first_start, a := t.agency, s := t.submitter, t := t.stem) as rank from labels l join token t using (node);
    create or replace temp table anchor as
        select label, arg_min(stem, rank) as token, min(rank) as rank from clustered group by label;
    create or replace temp table pinned as select * from pinned_map;
    -- Which cluster a published key stays with: the one of its first token; if that token is gone, the one with most of its tokens.
    create or replace temp table claim as
        select p.person_key, c.label, bool_or(p.is_anchor) as has_anchor, count(distinct c.stem) as n_tokens, min(c.rank) as rank
        from pinned p join clustered c on p.child_token = c.stem group by all;
    create or replace temp table staying as
        select * from claim
        qualify row_number() over (partition by person_key order by has_anchor desc, n_tokens desc, rank) = 1;
    -- Which of several published keys a cluster goes on with: the one of the earliest first token.
    create or replace temp table keeps as
        select label, arg_min(person_key, struct_pack(n := not has_anchor, r := rank, k := person_key)) as person_key from staying group by label;
"""

_NAMED = """
    create or replace temp table named as
        with keyed as (select label, person_key from keeps union all select label, person_key from minted)
        select c.token, c.stem, c.label, k.person_key,
            -- A kept key goes on with the token that it was made from; a new one with the cluster's first.
            coalesce(p.is_anchor, case when m.label is not null then a.token = c.stem else false end) as is_anchor
        from clustered c join keyed k using (label) join anchor a using (label)
        left join minted m using (label)
        left join pinned p on p.child_token = c.stem and p.person_key = k.person_key
"""

_EVENTS = """
    with moved as (
        select p.person_key as old_key, n.person_key as new_key, n.label, count(distinct n.stem) as tokens, any_value(p.release_id) as release_id
        from pinned p join named n on p.child_token = n.stem where p.person_key <> n.person_key group by all
    ),
    told as (
        select
            case when k.person_key is null or s.label = m.label then 'merge' else 'split' end as kind, m.*
        from moved m left join staying s on m.old_key = s.person_key
        left join (select distinct person_key from named) k on m.old_key = k.person_key
    ),
    -- Why: the strongest link, or the decision, between the tokens of the two keys.
    because as (
        select t.old_key, t.new_key, arg_max(w.reason, w.strength) as reason
        from told t
        join named x on x.person_key = t.new_key join named y on y.person_key in (t.new_key, t.old_key)
        join why w on w.a_token = least(x.token, y.token) and w.b_token = greatest(x.token, y.token)
        join pinned p on p.child_token in (x.stem, y.stem) and p.person_key = t.old_key
        group by all
    )
    select
        '' as event_id, t.kind, t.old_key as from_person_key, t.new_key as to_person_key,
        coalesce(b.reason, case t.kind when 'split' then 'data_corrected' else 'linked' end) as reason,
        t.tokens, t.release_id, d.recorded_on
    from told t left join because b using (old_key, new_key), on_day d
    order by kind, from_person_key, to_person_key
"""
