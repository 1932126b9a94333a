"""Linkage: which pseudonyms are the same person. Runs inside the identity room; only pseudonyms and counts leave.

Lives here: the order of the steps, what is kept between runs so that only what is new is compared, what is handed over.
Add here: another thing that is handed over, with its schema in `projections/arrow.IDENTITY`.
Must not live here: the steps themselves: records.py (what is compared), exact.py and scored.py (pairs), outcomes.py (rules),
decisions.py (people's word), clusters.py (persons), persons.py (keys); making pseudonyms (privacy.py); storing identifiers (store.py).

The result depends on the submissions in force, the model, people's decisions and the keys that were published, and on nothing
else: not on the order of rows or of arrival, not on how often it ran. Scores of pairs are kept, encrypted, because a score depends
on its two records and the model only; a month's new records are compared with everything, and nothing is compared twice.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import traceback
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ingest import registry
from ingest.identity import (
    clusters,
    decisions,
    exact,
    models,
    outcomes,
    persons,
    records,
    restrictions,
    review,
    scored,
)
from ingest.identity.keys import PSEUDONYM, Key, load_key
from ingest.identity.scored import Model
from ingest.identity.store import IdentityStore
from ingest.lake import Home, write_parquet, write_text
from ingest.projections.arrow import IDENTITY

#: Part of the fingerprint: raise it when a change here changes who is linked.
VERSION = "4"
#: What the last run was made of, and what it counted.
NOTE = "person_map.json"


@dataclass(frozen=True)
class LinkReport:
    """Counts only."""

    tokens: int = 0
    persons: int = 0
    records: int = 0
    records_new: int = 0
    linked_tokens: dict[str, int] = field(default_factory=dict)  # step -> tokens that it joined to another
    review_pairs: int = 0
    stand_in_numbers: dict[str, int] = field(default_factory=dict)
    chains_undone: int = 0
    decisions: int = 0
    events: int = 0
    changed: bool = False

    def counts(self) -> dict[str, int]:
        """Flat, for logs, asset metadata and `linkage_summary`."""
        flat = {k: v for k, v in asdict(self).items() if isinstance(v, int) and not isinstance(v, bool)}
        for name in ("linked_tokens", "stand_in_numbers"):
            flat |= {f"{name}_{kind}": count for kind, count in sorted(getattr(self, name).items())}
        return flat


@dataclass(frozen=True)
class Linked:
    """What a run of the steps came to: persons, what waits for people, the pairs to keep, counts."""

    persons: persons.Persons
    queue: pa.Table
    pairs: pa.Table
    compared: pa.Table
    report: LinkReport


class LinkageFailed(RuntimeError):
    """A step did not end. The message names the step and the kind of error, never a value."""


def link(home: Home) -> LinkReport:
    """Link the persons, and hand over which of their pseudonyms analysis must not see. Raises KeyProblem, LinkageFailed."""
    report = _link(home)
    restrictions.write_tokens(home)
    return report


def _link(home: Home) -> LinkReport:
    """Link the persons of the submissions in force and hand over what differs.

    Only submissions in force count, so a correction takes wrong links away again. Nothing runs when neither they, nor the model,
    the decisions or the published keys have changed. Raises KeyProblem, LinkageFailed.
    """
    store, key = IdentityStore(home.identity), load_key(home.identity, PSEUDONYM)
    pinned = _pin(home, store)
    inputs = Inputs.of(home, store)
    if (known := _known(home, inputs)) is not None:
        return replace(known, changed=False)
    result = link_people(
        store.read(inputs.ids, records.COLUMNS), inputs.submissions, key, inputs.model,
        pinned=pinned, decided=inputs.decided, kept=_kept(store, inputs.model),
    )  # fmt: skip
    _keep(store, inputs.model, result)
    review.write_queue(home, result.queue)
    report = replace(result.report, changed=_hand_over(home, "person_map", result.persons.person_map))
    events = pa.concat_tables(
        [store.state("events") or IDENTITY["person_event"].empty_table(), result.persons.events]
    )
    _hand_over(home, "person_event", events)
    # What this run happened to find new says nothing about the persons.
    counts = {item: n for item, n in report.counts().items() if item != "records_new"}
    _hand_over(
        home,
        "linkage_summary",
        pa.table([list(counts), list(counts.values())], schema=IDENTITY["linkage_summary"]),
    )
    store.put_state("anchored", result.persons.anchored)
    note = {"fingerprint": inputs.fingerprint, "report": asdict(report)}
    write_text(json.dumps(note, sort_keys=True), home.identity / NOTE)
    return report


def is_current(home: Home) -> bool:
    """Whether the persons that were handed over are those of the submissions, the model and the decisions of now."""
    return _known(home, Inputs.of(home, IdentityStore(home.identity))) is not None


@dataclass(frozen=True)
class Inputs:
    """What decides who is linked. Published keys are not among them: they are the last result under another name."""

    ids: list[str]
    submissions: pa.Table
    model: Model
    decided: list[decisions.Step]

    @classmethod
    def of(cls, home: Home, store: IdentityStore) -> Inputs:
        submissions = registry.current(home).select(
            ["submission_id", "period_start", "period_end", "received_at"]
        )
        ids = sorted(set(submissions["submission_id"].to_pylist()) & store.ids())
        return cls(ids, submissions, models.current(store), decisions.in_force(home))

    @property
    def fingerprint(self) -> str:
        decided = [f"{d.case}{d.verdict}{d.at}" for d in self.decided]
        return hashlib.sha256(
            "|".join([VERSION, self.model.fingerprint, *self.ids, *decided]).encode()
        ).hexdigest()


def _known(home: Home, inputs: Inputs) -> LinkReport | None:
    """What the last run counted, if it ran on the same."""
    note = home.identity / NOTE
    if not note.exists() or not (home.person_map / "person_map.parquet").exists():
        return None
    known = json.loads(note.read_text(encoding="utf-8"))
    return LinkReport(**known["report"]) if known.get("fingerprint") == inputs.fingerprint else None


def link_people(
    identities: pa.Table,
    submissions: pa.Table,
    key: Key,
    model: Model,
    *,
    pinned: pa.Table | None = None,
    decided: list[decisions.Step] | None = None,
    kept: tuple[pa.Table, pa.Table] | None = None,
) -> Linked:
    """Pseudonyms to persons: the steps, without files. `kept` is (pairs, compared) of an earlier run with the same model."""
    with records.connection() as con:
        try:
            return _steps(
                con,
                identities,
                submissions,
                key,
                model,
                pinned or persons.PINNED.empty_table(),
                decided or [],
                kept,
            )
        except Exception as error:
            # What an engine says of an error may quote a value: its kind and the place in our code must do.
            raise LinkageFailed(f"linkage did not end: {type(error).__name__} in {_place(error)}") from None


def _place(error: Exception) -> str:
    """Module and line of our code where an error came up."""
    ours = [
        f for f in traceback.extract_tb(error.__traceback__) if f"{Path('ingest') / 'identity'}" in f.filename
    ]
    return f"{Path(ours[-1].filename).name} line {ours[-1].lineno}" if ours else "a library"


def _steps(
    con: duckdb.DuckDBPyConnection,
    identities: pa.Table,
    submissions: pa.Table,
    key: Key,
    model: Model,
    pinned: pa.Table,
    decided: list[decisions.Step],
    kept: tuple[pa.Table, pa.Table] | None,
) -> Linked:
    records.prepare(con, identities, submissions)
    (nodes, n_records) = con.execute(
        "select (select count(*) from token), (select count(*) from record)"
    ).fetchone() or (0, 0)
    new = _score(con, model, kept)
    exact.pairs(con)
    outcomes.decide(con)
    _decided(con, decided)
    found = clusters.cluster(con, nodes)
    newest = max(
        (t for t in submissions["received_at"].to_pylist() if t),
        default=dt.datetime.min,  # noqa: DTZ901 - local times
    ).date()
    con.execute(_WHY)
    named = persons.name(con, found.labels, pinned, key, newest)
    con.register("clusters", pa.table({"node": np.arange(nodes), "label": found.labels}))
    queue = con.execute(review.QUEUE).to_arrow_table()
    joined = con.execute(_JOINED).fetchall()
    stand_ins = con.execute("select kind, count(*) from stand_in group by kind order by kind").fetchall()
    con.unregister("clusters")
    report = LinkReport(
        tokens=nodes,
        persons=int(found.labels.max()) + 1 if nodes else 0,
        records=n_records,
        records_new=new,
        linked_tokens={str(step): int(n) for step, n in joined},
        review_pairs=queue.num_rows,
        stand_in_numbers={str(kind): int(n) for kind, n in stand_ins},
        chains_undone=found.undone,
        decisions=len(decided),
        events=named.events.num_rows,
    )
    pairs = con.execute("select * from scored_pair order by record_l, record_r").to_arrow_table()
    compared = con.execute("select record_id from record order by record_id").to_arrow_table()
    return Linked(named, queue, pairs, compared, report)


def _score(con: duckdb.DuckDBPyConnection, model: Model, kept: tuple[pa.Table, pa.Table] | None) -> int:
    """Make `scored_pair`: kept scores of records that are still there, and the scores of those that are new. Returns how many are new."""
    if kept is None:
        scored.score(con, model)
        return int((con.execute("select count(*) from record").fetchone() or (0,))[0])
    pairs, compared = kept
    con.register("compared", compared)
    con.register("kept_pair", pairs)
    con.execute("alter table record add column is_new boolean")
    con.execute(
        "update record set is_new = not exists (select 1 from compared c where c.record_id = record.record_id)"
    )
    new = int((con.execute("select count(*) from record where is_new").fetchone() or (0,))[0])
    if new:
        scored.score(con, model, "is_new")
    else:
        scored.frequencies(con, model)
        con.execute("create temp table scored_pair as select * from kept_pair limit 0")
    # Pairs of a record that is new were scored just now; a run that was killed as it kept its scores may have left some.
    # Materialised, because a condition on a hash that DuckDB hands on to Arrow is too large for it.
    con.execute(
        """insert into scored_pair by name
           with kept as materialized (select * from kept_pair)
           select k.* from kept k
           semi join record l on k.record_l = l.record_id and not l.is_new
           semi join record r on k.record_r = r.record_id and not r.is_new"""
    )
    con.unregister("compared")
    con.unregister("kept_pair")
    return new


def _decided(con: duckdb.DuckDBPyConnection, decided: list[decisions.Step]) -> None:
    """Make `link` (a, b, strength) and `apart` (a, b): the pairs that the rules link, and people's word above them."""
    con.register(
        "decision",
        pa.table(
            {
                "a": pa.array([d.a for d in decided], pa.string()),
                "b": pa.array([d.b for d in decided], pa.string()),
                "verdict": pa.array([d.verdict for d in decided], pa.string()),
            }
        ),
    )
    con.execute(
        f"""create temp table decided_pair as
                select least(x.node, y.node) as a, greatest(x.node, y.node) as b, d.verdict
                from decision d join token x on d.a = x.stem join token y on d.b = y.stem;
            create temp table apart as select a, b from decided_pair where verdict = '{decisions.DIFFERENT}';
            create temp table link as
                select a, b, max(strength)::integer as strength from (
                    select a, b, strength from pair anti join decided_pair using (a, b) where outcome = 'link'
                    union all select a, b, {outcomes.DECIDED} from decided_pair where verdict = '{decisions.SAME}'
                ) group by all;"""
    )
    con.unregister("decision")


#: Why two tokens are linked or kept apart, for the events.
_WHY = f"""
    create temp table why as
    select least(x.token, y.token) as a_token, greatest(x.token, y.token) as b_token, p.reason, p.strength
    from (
        select a, b, reason, strength from pair where outcome = 'link'
        union all select a, b, 'decision', {outcomes.DECIDED} from decided_pair
    ) p join token x on p.a = x.node join token y on p.b = y.node
"""
#: Tokens that each step joined to another one that is the same person in the end.
_JOINED = """
    with joined as (
        select p.step, p.a, p.b from pair p join clusters x on p.a = x.node join clusters y on p.b = y.node
        where p.outcome = 'link' and x.label = y.label
    )
    select step, count(*) from (select step, a from joined union select step, b from joined) group by step order by step
"""


def _pin(home: Home, store: IdentityStore) -> pa.Table:
    """The keys as last published. A release that came out since the last run pins the map that it was built from."""
    pinned = store.state("pinned") or persons.PINNED.empty_table()
    pointer = home.releases / "current"
    release = pointer.read_text("utf-8").strip() if pointer.exists() else ""
    held = pinned["release_id"][0].as_py() if pinned.num_rows else ""
    anchored = store.state("anchored")
    if not release or release == held or anchored is None:
        return pinned
    # Events that this release brought are history from now on.
    path = home.from_identity("person_event") / "person_event.parquet"
    if path.exists():
        store.put_state("events", pq.read_table(path))
    position = anchored.column_names.index("release_id")
    pinned = anchored.set_column(
        position, persons.PINNED.field("release_id"), pa.repeat(pa.scalar(release), anchored.num_rows)
    )
    store.put_state("pinned", pinned)
    return pinned


def _kept(store: IdentityStore, model: Model) -> tuple[pa.Table, pa.Table] | None:
    """Scores of an earlier run, if they are of this model."""
    pairs, compared = store.state("pairs"), store.state("compared")
    if pairs is None or compared is None:
        return None
    of = {(t.schema.metadata or {}).get(b"model", b"").decode() for t in (pairs, compared)}
    return (pairs, compared) if of == {f"{VERSION}-{model.fingerprint}"} else None


def _keep(store: IdentityStore, model: Model, result: Linked) -> None:
    """Pairs first: records that count as compared without their pairs would never be compared again."""
    mark = {"model": f"{VERSION}-{model.fingerprint}"}
    store.put_state("pairs", result.pairs.replace_schema_metadata(mark))
    store.put_state("compared", result.compared.replace_schema_metadata(mark))


def _hand_over(home: Home, name: str, table: pa.Table) -> bool:
    """Write what leaves the room, when it differs. Returns whether it did."""
    path = home.from_identity(name) / f"{name}.parquet"
    if path.exists() and pq.read_table(path).equals(table):
        return False
    write_parquet(table, path)
    return True
