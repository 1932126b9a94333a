"""Linkage: which pseudonyms are the same person. Runs inside the identity folder; only pseudonyms and counts leave.

Lives here: the linkage steps, their combination to persons, the person map.
Add here: a step (a function from the prepared people to pairs) in `STEPS`; scored linkage will be one of them.
Must not live here: making pseudonyms (privacy.py); storing identifiers (store.py).

Deterministic and careful. A pseudonym already stands for (submitter, local id). Two pseudonyms are the same person when
they carry the same valid NHS number or UPN and nothing known about their birth dates speaks against it:

- a number that is held with more than one birth date is in conflict and links only equal birth dates;
- a stand-in birth date (1900, 1970) is no birth date: it neither supports nor contradicts;
- a number that one submitter gives to many children is a stand-in and links nobody;
- a temporary UPN links only equal birth dates;
- when chains of such links would join two birth dates, the links without a shared birth date are undone.

Names, sex and postcode do not link here, so twins with one birth date and surname stay two persons.
The result depends on the rows only, never on their order or on when they arrived.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ingest import registry
from ingest.identity.keys import PSEUDONYM, Key, load_key
from ingest.identity.store import IdentityStore
from ingest.lake import Home, write_parquet, write_text
from ingest.projections.arrow import PERSON_MAP
from ingest.validators import checksum_sql

#: Part of the fingerprint: raise it when a change here changes who is linked.
VERSION = "1"
#: More children of one submitter with the same number than this, and the number is a stand-in.
MOST_TOKENS_A_NUMBER = 6
#: What linkage reads. Names and postcode stay encrypted until a step needs them.
COLUMNS = ("child_token", "submitter", "agency", "nhs_number", "upn", "former_upn", "birth_date")

#: Takes a connection with the tables `people` and `numbers`; returns SQL giving (a, b, weak): node numbers, weak when
#: the two do not share a known birth date.
Step = Callable[[duckdb.DuckDBPyConnection], str]


@dataclass(frozen=True)
class LinkReport:
    """Counts only."""

    tokens: int = 0
    persons: int = 0
    linked_tokens: dict[str, int] = field(default_factory=dict)  # step -> tokens that it joined to another
    numbers_in_conflict: dict[str, int] = field(default_factory=dict)  # one number, several birth dates
    stand_in_numbers: dict[str, int] = field(default_factory=dict)
    chains_undone: int = 0
    changed: bool = False

    def counts(self) -> dict[str, int]:
        """Flat, for logs and asset metadata."""
        flat = {"tokens": self.tokens, "persons": self.persons, "chains_undone": self.chains_undone}
        for name in ("linked_tokens", "numbers_in_conflict", "stand_in_numbers"):
            flat |= {f"{name}_{kind}": count for kind, count in getattr(self, name).items()}
        return flat


def nhs_number_step(_: duckdb.DuckDBPyConnection) -> str:
    """Same valid NHS number."""
    return _number_pairs("nhs_number")


def upn_step(_: duckdb.DuckDBPyConnection) -> str:
    """Same valid UPN; a former UPN counts as one."""
    return _number_pairs("upn")


#: The seam: steps run in order and add pairs. A scored step reads further columns of the identity store.
STEPS: tuple[tuple[str, Step], ...] = (("nhs_number", nhs_number_step), ("upn", upn_step))


def link(home: Home) -> LinkReport:
    """Link the persons of the submissions in force and write the person map when it differs.

    Only submissions in force count, so a correction takes wrong links away again. Nothing runs when neither they nor
    the rules have changed since the last time.
    """
    submissions = registry.current(home).select(["submission_id", "period_start"])
    store, key = IdentityStore(home.identity), load_key(home.identity, PSEUDONYM)
    path, note = home.person_map / "person_map.parquet", home.identity / "person_map.json"
    ids = sorted(set(submissions["submission_id"].to_pylist()) & store.ids())
    fingerprint = hashlib.sha256("|".join([VERSION, *ids]).encode()).hexdigest()
    if path.exists() and note.exists():
        known = json.loads(note.read_text(encoding="utf-8"))
        if known.get("fingerprint") == fingerprint:
            return replace(LinkReport(**known["report"]), changed=False)
    person_map, report = link_people(store.read(ids, COLUMNS), submissions, key)
    if not (path.exists() and pq.read_table(path).equals(person_map)):
        write_parquet(person_map, path)
        report = replace(report, changed=True)
    write_text(json.dumps({"fingerprint": fingerprint, "report": asdict(report)}, sort_keys=True), note)
    return report


def link_people(
    identities: pa.Table, submissions: pa.Table, key: Key, steps: Sequence[tuple[str, Step]] = STEPS
) -> tuple[pa.Table, LinkReport]:
    """Pseudonyms -> persons. Returns the person map, ordered by pseudonym, and the counts."""
    with _connection() as con:
        con.register("identities", identities)
        con.register("submissions", submissions)
        con.execute(_PEOPLE)
        con.execute(_NUMBERS)
        tokens = con.execute("select child_token from nodes order by node").to_arrow_table().column(0)
        if len(tokens) == 0:
            return PERSON_MAP.empty_table(), LinkReport()
        edges = {name: _pairs(con, step) for name, step in steps}
        labels, undone, kept = _components(con, len(tokens), edges)
        anchors = _anchors(con, labels)
        report = LinkReport(
            tokens=len(tokens),
            persons=len(anchors),
            linked_tokens={name: len(np.unique(pairs[:, :2])) for name, pairs in kept.items()},
            numbers_in_conflict=_counts(con, "n_births > 1"),
            stand_in_numbers=_counts(con, "is_stand_in"),
            chains_undone=undone,
        )
    keys = np.array([f"p1_{key.digest(f'person|{anchor}').hex()[:32]}" for anchor in anchors], dtype=object)
    return pa.table([tokens.combine_chunks(), pa.array(keys[labels], pa.string())], schema=PERSON_MAP), report


def _components(
    con: duckdb.DuckDBPyConnection, n: int, edges: dict[str, np.ndarray]
) -> tuple[np.ndarray, int, dict[str, np.ndarray]]:
    labels = _label(n, list(edges.values()))
    con.register("labels", pa.table({"node": np.arange(n), "label": labels}))
    torn = (
        con.execute(
            """select l.label from labels l join births b using (node)
           group by l.label having count(distinct b.birth_date) > 1 and count(distinct l.node) > 1"""
        )
        .to_arrow_table()
        .column(0)
        .to_numpy()
    )
    con.unregister("labels")
    is_torn = np.zeros(int(labels.max()) + 1, dtype=bool)
    is_torn[torn] = True
    kept = {name: p[~(is_torn[labels[p[:, 0]]] & (p[:, 2] == 1))] for name, p in edges.items()}
    if all(len(kept[name]) == len(edges[name]) for name in edges):
        return labels, 0, kept
    return _label(n, list(kept.values())), len(torn), kept


def _label(n: int, edges: list[np.ndarray]) -> np.ndarray:
    pairs = np.concatenate([np.empty((0, 3), dtype=np.int64), *edges])
    graph = coo_array((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _pairs(con: duckdb.DuckDBPyConnection, step: Step) -> np.ndarray:
    found = con.execute(f"select a, b, weak::bigint as weak from ({step(con)}) where a <> b").fetchnumpy()
    return np.column_stack([found["a"], found["b"], found["weak"]]).astype(np.int64)


def _anchors(con: duckdb.DuckDBPyConnection, labels: np.ndarray) -> list[str]:
    """Each person's first pseudonym by period, agency, submitter: the same whatever arrived first."""
    con.register("labels", pa.table({"node": np.arange(len(labels)), "label": labels}))
    rows = con.execute(
        """select l.label, arg_min(p.child_token, (p.first_seen, p.agency, p.submitter, p.child_token)) as anchor
           from labels l join people p using (node) group by l.label order by l.label"""
    ).to_arrow_table()
    con.unregister("labels")
    return rows.column("anchor").to_pylist()


def _counts(con: duckdb.DuckDBPyConnection, condition: str) -> dict[str, int]:
    rows = con.execute(
        f"select kind, count(*) from held where {condition} group by kind order by kind"
    ).fetchall()
    return {str(kind): int(count) for kind, count in rows}


def _number_pairs(kind: str) -> str:
    """Stars, not all pairs: the first holder of a number with each other holder."""
    return f"""
        with usable as (
            select n.*, h.n_births from numbers n join held h using (kind, number)
            where n.kind = '{kind}' and not h.is_stand_in
        )
        select min(node) over (partition by number, birth_date) as a, node as b, false as weak
        from usable where birth_date is not null
        union all
        select min(node) over (partition by number) as a, node as b, true as weak
        from usable where n_births <= 1 and not is_temporary"""


def _connection() -> duckdb.DuckDBPyConnection:
    """In memory, and nowhere else: identifiers must not be spilled to a temporary file."""
    con = duckdb.connect(":memory:", config={"threads": 2})
    for setting in (
        "set temp_directory = ''",
        "set autoinstall_known_extensions = false",
        "set autoload_known_extensions = false",
    ):
        con.execute(setting)
    return con


_PEOPLE = """
    create temp table seen as
        select i.child_token, i.agency, i.submitter, min(s.period_start) as first_seen
        from identities i join submissions s using (submission_id)
        where i.child_token is not null group by all;
    create temp table nodes as
        select child_token, row_number() over (order by child_token) - 1 as node from (select distinct child_token from seen);
    create temp table people as select n.node, s.* from seen s join nodes n using (child_token);
    create temp table facts as
        select distinct n.node, i.submitter, i.nhs_number, i.upn, i.former_upn,
            case when i.birth_date not in (date '1900-01-01', date '1970-01-01') then i.birth_date end as birth_date
        from identities i join nodes n using (child_token);
    create temp table births as select distinct node, birth_date from facts where birth_date is not null;
"""

_NUMBERS = f"""
    create temp table sent as
        select distinct node, submitter, birth_date, kind, upper(regexp_replace(value, '[^0-9A-Za-z]', '', 'g')) as number
        from (
            select node, submitter, birth_date, 'nhs_number' as kind, nhs_number as value from facts
            union all select node, submitter, birth_date, 'upn', upn from facts
            union all select node, submitter, birth_date, 'upn', former_upn from facts
        ) where value is not null;
    create temp table valid as
        select kind, number, false as is_temporary from (select distinct kind, number from sent where kind = 'nhs_number')
        where {checksum_sql("nhs_number", "number")}
        union all
        select kind, number, number[13] not between '0' and '9' as is_temporary
        from (select distinct kind, number from sent where kind = 'upn') where {checksum_sql("upn", "number")};
    create temp table numbers as select s.*, v.is_temporary from sent s join valid v using (kind, number);
    create temp table held as
        select n.kind, n.number, count(distinct n.birth_date) as n_births, max(p.n_nodes) > {MOST_TOKENS_A_NUMBER} as is_stand_in
        from numbers n join (
            select kind, number, submitter, count(distinct node) as n_nodes from numbers group by all
        ) p using (kind, number) group by n.kind, n.number;
"""
