"""The true figures, computed from the true events, apart from the warehouse.

Lives here: who is the same child, and every indicator's numerator and denominator by area and period.
Add here: a new indicator, from the events in memory.
Must not live here: anything read back from the files, dbt, or the pipeline's own calendar, linkage or rules.

Three notions of a child are kept. `person_true` is who it really is; indicators use it, and linkage comes as near to it as its published
error. `person_deterministic` is what linkage on valid numbers and (submitter, local id) alone can know from the identifiers as sent: a
police nominal without an NHS number is a child of its own there. `person_knowable` lies between them: who perfect linkage could know it to
be by what was sent. Two records of a child can be known to be one when both carry the same valid number, or both a full name and a birth
date however written, or when other records of the child bring them together. A list of contacts or of early help says a local id and
nothing else, so nobody can tell who it is about until the same council says more; DQ05 counts what can be known. A child with a new
identity is another child in all three.

Quality indicators (DQ01, DQ02, DQ05, DQ06) are about the files, so they are computed from the rows as sent.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ingest.agreement import load_agreements
from ingest.contract import Contracts, FieldType
from ingest.synthetic import agencies
from ingest.synthetic import calibration as cal
from ingest.synthetic.careers import Careers
from ingest.synthetic.days import NEVER, add_working_days, after_months, fy_end, fy_start, working_days
from ingest.synthetic.population import Array
from ingest.synthetic.writers import Delivery

HISTORY_START: Final = np.datetime64("2022-04-01")
AS_OF: Final = np.datetime64("2026-03-31")
ABSENT: Final = "ABSENT"
PLACEHOLDERS: Final = ("1900-01-01", "1970-01-01")
MONTHS: Final = {
    m: n
    for n, m in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], 1
    )
}  # as school systems write them
UPN_LETTERS: Final = "ABCDEFGHJKLMNPQRTUVWXYZ"


@dataclass(frozen=True)
class Period:
    kind: str
    id: str
    start: np.datetime64
    end: np.datetime64

    @property
    def population_year(self) -> int:
        """The middle of the financial year in which the period ends, or the newest estimate there is."""
        year = int(str(self.end)[:4]) - (int(str(self.end)[5:7]) <= 3)
        return min(year, max(cal.POPULATION))


def periods() -> list[Period]:
    """Quarters and financial years from April 2023, and twelve months to each quarter end from March 2024."""
    out: list[Period] = []
    for year in (2024, 2025, 2026):
        name = f"{year - 1}-{year % 100}"
        out.append(Period("financial_year", name, fy_start(year), fy_end(year)))
        for q in range(4):
            month = np.datetime64(f"{year - 1}-04", "M") + 3 * q
            end = (month + 3).astype("datetime64[D]") - 1
            out.append(Period("quarter", f"{name}-Q{q + 1}", month.astype("datetime64[D]"), end))
            if end >= fy_end(2024):
                out.append(
                    Period(
                        "rolling_12_months", f"{name}-Q{q + 1}-R12", (month - 9).astype("datetime64[D]"), end
                    )
                )
    return out


# --- persons


def valid_nhs(number: str) -> bool:
    """Modulus 11."""
    if len(number) != 10 or not number.isdigit():
        return False
    check = 11 - sum(int(d) * w for d, w in zip(number, range(10, 1, -1), strict=False)) % 11
    return check % 11 == int(number[-1]) and check != 10


def valid_upn(number: str) -> bool:
    """The check letter fits the twelve characters behind it; a last letter counts by its place."""
    if len(number) != 13 or not number[1:12].isdigit():
        return False
    last = int(number[12]) if number[12].isdigit() else UPN_LETTERS.find(number[12])
    total = sum(int(d) * w for d, w in zip(number[1:12], range(2, 13), strict=True)) + last * 13
    return last >= 0 and UPN_LETTERS[total % 23] == number[0]


def _clean(values: pd.Series) -> pd.Series:
    return values.astype(str).str.strip().str.lstrip("'").str.strip()


def _birth(values: pd.Series) -> pd.Series:
    """Birth dates as ISO text, from any way in which they are sent; stand-ins and blanks are blank."""
    text = _clean(values)
    for month, number in MONTHS.items() if text.str.contains("-[A-Z]").any() else ():
        text = text.str.replace(f"-{month}-", f"-{number:02d}-", regex=False)
    british = text.str.replace(r"^(\d\d)/(\d\d)/(\d{4})$", r"\3-\2-\1", regex=True)
    number = pd.to_numeric(british.where(british.str.fullmatch(r"\d{1,5}"), other=np.nan), errors="coerce")
    from_serial = (
        np.datetime64("1899-12-30") + number.fillna(0).to_numpy().astype(int).astype("timedelta64[D]")
    ).astype(str)
    out = pd.Series(np.where(number.notna(), from_serial, british), index=values.index).str.slice(0, 10)
    return out.where(~out.isin(PLACEHOLDERS), "")


def in_force(deliveries: list[Delivery]) -> list[Delivery]:
    """The accepted deliveries of which no later one stands for the same sender and period."""
    latest: dict[tuple[str, str, str], Delivery] = {}
    for d in sorted(
        (d for d in deliveries if d.accepted and not d.repeat), key=lambda d: (d.number, d.received)
    ):
        latest[d.key, d.submitter, d.period] = d
    return list(latest.values())


def persons(deliveries: list[Delivery], contracts: Contracts) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(one row a (submitter, local id) in force: who it truly is and who it can be known to be; which of them each delivery names).

    The second has `delivery`, the position in `in_force`, and `record`, the position in the first, each pair once.
    """
    facts = _sent_facts(deliveries, contracts)
    facts["node"] = facts.groupby(["submitter", "local_id"], sort=True).ngroup()
    sent = facts[["delivery", "node"]].drop_duplicates(ignore_index=True).rename(columns={"node": "record"})
    unborn = facts.loc[facts["unborn"], "node"].unique()
    facts = facts.drop(columns=["delivery", "unborn"]).drop_duplicates(ignore_index=True)
    out = facts.drop_duplicates("node").sort_values("node", ignore_index=True)[
        ["agency", "submitter", "local_id", "child"]
    ]
    label = _link(facts.drop(columns="named").drop_duplicates(ignore_index=True), len(out))
    test = out["local_id"].str.startswith("TEST")
    out["person_true"] = np.where(test, "", "t" + out["child"].astype(str))
    out["person_deterministic"] = "d" + pd.Series(label, index=out.index).astype(str)
    known = "k" + pd.Series(_knowable(facts, len(out)), index=out.index).astype(str)
    out["person_knowable"] = known.where(~test, "")
    out["unborn"] = np.isin(np.arange(len(out)), unborn)
    out["shared_upn"] = np.isin(np.arange(len(out)), _sharing(facts))
    return out, sent


def _sent_facts(deliveries: list[Delivery], contracts: Contracts) -> pd.DataFrame:
    """What every delivery in force says of who a record is, cleaned; each distinct text is cleaned once."""
    parts = []
    for at, d in enumerate(in_force(deliveries)):
        for table in contracts[d.key].tables:
            who = table.identity
            if who is None or not who.local_id or table.name not in d.tables:
                continue
            frame = d.tables[table.name]
            frame = frame[
                ~frame["_reject"].astype(bool) & (frame[who.local_id] != "")
            ]  # a blank names nobody
            given = {
                "local_id": who.local_id, "nhs": who.nhs_number, "upn": who.upn, "birth": who.birth_date, "due": who.expected_birth_date,
                "forename": who.forename, "surname": who.surname,
            }  # fmt: skip
            said = {name: frame[column].to_numpy(object) if column else "" for name, column in given.items()}
            rows = pd.DataFrame(
                {
                    **said,
                    "child": frame["_child"].to_numpy().astype(np.int64),
                    "agency": d.agency,
                    "submitter": d.submitter,
                    "delivery": at,
                }
            )
            parts.append(rows.drop_duplicates())
    facts = pd.concat(parts, ignore_index=True)
    facts["local_id"] = _each(
        facts["local_id"], lambda v: _clean(v).str.replace(r"^(\d+)\.0$", r"\1", regex=True)
    )
    facts["nhs"] = _each(
        facts["nhs"],
        lambda v: _clean(v).str.replace(r"\.0$", "", regex=True).str.replace(" ", "", regex=False),
    )
    facts["upn"] = _each(facts["upn"], lambda v: _clean(v).str.upper())
    unborn = (facts["due"] != "") & (facts["birth"] == "")
    facts["birth"] = _each(facts["birth"], _birth)
    named = (facts["forename"] != "") & (facts["surname"] != "") & (facts["birth"] != "")
    return facts.assign(unborn=unborn, named=named).drop(columns=["due", "forename", "surname"])


def _each(texts: pd.Series, change: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """A change of every text, made once for each distinct one."""
    code, distinct = pd.factorize(texts.astype(object))
    return pd.Series(change(pd.Series(distinct, dtype=object)).to_numpy(object)[code], index=texts.index)


def _knowable(facts: pd.DataFrame, nodes: int) -> Array:
    """Labels of nodes: records of one child that carry one valid number, or a name and a birth date each, in chains."""
    edges: list[Array] = []
    for kind, valid in (("nhs", valid_nhs), ("upn", valid_upn)):
        sent = facts[facts[kind] != ""]
        good = {n: valid(n) for n in sent[kind].unique()}
        sent = sent[sent[kind].map(good).astype(bool)]
        edges.append(np.stack([sent.groupby(["child", kind])["node"].transform("min"), sent["node"]]))
    named = facts[facts["named"]]
    edges.append(np.stack([named.groupby("child")["node"].transform("min"), named["node"]]))
    return _components(np.concatenate(edges, axis=1).astype(np.int64), nodes)


def _sharing(facts: pd.DataFrame) -> Array:
    """Nodes that carry a valid UPN which another child carries too."""
    pupils = facts[facts["upn"] != ""]
    children = pupils.groupby("upn")["child"].nunique()
    shared = [n for n in children.index[children > 1] if valid_upn(n)]
    return pupils.loc[pupils["upn"].isin(shared), "node"].unique()


def _link(facts: pd.DataFrame, nodes: int) -> Array:
    """Labels of nodes. An edge is weak when the two do not share a birth date; weak edges of torn groups are undone."""
    edges: list[Array] = []
    for kind, valid in (("nhs", valid_nhs), ("upn", valid_upn)):
        sent = facts[facts[kind] != ""]
        good = {n: valid(n) for n in sent[kind].unique()}
        sent = sent[sent[kind].map(good).astype(bool)]
        dated = sent[sent["birth"] != ""]
        first = dated.groupby([kind, "birth"])["node"].transform("min")
        edges.append(np.stack([first, dated["node"], np.zeros(len(dated), int)]))
        births = dated.groupby(kind)["birth"].nunique()
        loose = sent[sent[kind].map(births).fillna(0) <= 1]
        if kind == "upn":
            loose = loose[
                loose["upn"].str.slice(12).str.isdigit()
            ]  # temporary numbers need the birth date too
        first = loose.groupby(kind)["node"].transform("min")
        edges.append(np.stack([first, loose["node"], np.ones(len(loose), int)]))
    links = np.concatenate(edges, axis=1).astype(np.int64)
    label = _components(links, nodes)
    born = facts[facts["birth"] != ""]
    groups = pd.DataFrame(
        {
            "label": label[born["node"].to_numpy()],
            "birth": born["birth"].to_numpy(),
            "node": born["node"].to_numpy(),
        }
    ).groupby("label")
    torn = (groups["birth"].nunique() > 1) & (groups["node"].nunique() > 1)
    bad = np.isin(label[links[0]], torn.index[torn]) & (links[2] == 1)
    return _components(links[:, ~bad], nodes)


def _components(links: Array, nodes: int) -> Array:
    graph = coo_array((np.ones(links.shape[1], np.int8), (links[0], links[1])), shape=(nodes, nodes))
    return connected_components(graph, directed=False)[1]


# --- indicators


@dataclass
class Events:
    """True events of one indicator: when, where, in the numerator or not, of what weight, who, which agency."""

    when: Array  # datetime64[D]
    area: Array  # 0, 1, or -1 for none
    hit: Array | None = None  # None: all
    weight: Array | None = None
    person: Array | None = None
    agency: Array | None = None
    counted: Array | None = None  # in the denominator; None: all

    def pick(self, mask: Array) -> Events:
        rest = (self.hit, self.weight, self.person, self.agency, self.counted)
        return Events(self.when[mask], self.area[mask], *(None if v is None else v[mask] for v in rest))


Row = dict[str, Any]


def _areas() -> tuple[tuple[str, tuple[int, ...]], ...]:
    return ((cal.AREAS[0], (0,)), (cal.AREAS[1], (1,)), (cal.JOINT, (0, 1, -1)))


def _rows(
    indicator: str,
    events: Events,
    rate: bool = False,
    distinct: bool = False,
    agency: bool = False,
    share: bool = False,
    joint_only_known: bool = False,
) -> Iterator[Row]:
    """Numerator, denominator and value of an indicator for every area and period."""
    for code, members in _areas():
        wanted = tuple(m for m in members if m >= 0) if joint_only_known else members
        here = events.pick(np.isin(events.area, wanted))
        known_agencies = sorted(set(here.agency.tolist())) if agency and here.agency is not None else []
        for period in periods():
            inside = here.pick((here.when >= period.start) & (here.when <= period.end))
            people = _population(code, period)
            whole = _sums(inside, distinct)
            yield _row(
                indicator, code, period, "total", "Total", whole[0], people if rate else whole[1], rate
            )
            for name in known_agencies:
                part = (
                    _sums(inside.pick(inside.agency == name), distinct)
                    if inside.agency is not None
                    else whole
                )
                yield _row(
                    indicator, code, period, "agency", name, part[0], whole[1] if share else part[1], False
                )


def _sums(events: Events, distinct: bool) -> tuple[float, float]:
    hit = np.ones(len(events.when), bool) if events.hit is None else events.hit.astype(bool)
    counted = np.ones(len(events.when), bool) if events.counted is None else events.counted.astype(bool)
    if distinct and events.person is not None:
        return float(len(np.unique(events.person[hit]))), float(len(np.unique(events.person[counted])))
    weight = np.ones(len(events.when)) if events.weight is None else events.weight
    return float(weight[hit].sum()), float(weight[counted].sum())


def _population(code: str, period: Period) -> int:
    both = cal.POPULATION[period.population_year]
    return sum(both) if code == cal.JOINT else both[cal.AREAS.index(code)]


def _row(
    indicator: str,
    code: str,
    period: Period,
    breakdown: str,
    value: str,
    numerator: float,
    denominator: float,
    rate: bool,
) -> Row:
    return {
        "indicator_id": indicator,
        "area_code": code,
        "period_type": period.kind,
        "period_id": period.id,
        "breakdown": breakdown,
        "breakdown_value": value,
        "numerator": numerator,
        "denominator": denominator,
        "value": (10_000 if rate else 100) * numerator / denominator if denominator else None,
    }


def indicators(
    both: list[Careers],
    missing: agencies.Missing,
    frames: dict[str, Any],
    deliveries: list[Delivery],
    people: pd.DataFrame,
    sent: pd.DataFrame,
    contracts: Contracts,
) -> pd.DataFrame:
    """Every indicator of the framework, as it truly is."""
    known = {
        (s, i): p
        for s, i, p in zip(people["submitter"], people["local_id"], people["person_true"], strict=True)
    }
    rows: list[Row] = []
    rows += _social_care(both, known)
    rows += _missing(missing, known)
    rows += _health(frames["health"])
    rows += _schools(frames["schools"])
    rows += _office(frames["training"], frames["board"])
    rows += _quality(deliveries, contracts)
    rows += _matched(deliveries, people, sent)
    return pd.DataFrame(rows)


def _d(column: pd.Series) -> Array:
    return column.to_numpy().astype("datetime64[D]")


def _social_care(both: list[Careers], known: dict[tuple[str, str], str]) -> Iterator[Row]:
    refs, nfas, firsts, assessed, enquiries, conferences, starts, stocks, ends = ([] for _ in range(9))
    for c in both:
        e = c.episodes
        ref, child = _d(e["ref"]), e["child"].to_numpy()
        seen = (ref <= AS_OF) & (
            np.isnat(_d(e["close"])) | (_d(e["close"]) >= HISTORY_START)
        )  # in a census at all
        ids = agencies.council_id(c.area, child, e["second_id"].to_numpy())
        person = np.array([known.get((cal.COUNCILS[c.area], i), "") for i in ids], dtype=object)
        a = np.full(len(e), c.area)
        refs.append(Events(ref[seen], a[seen]))
        nfas.append(Events(ref[seen], a[seen], e["nfa"].to_numpy()[seen]))
        again = _again(person[seen], ref[seen])
        enough = after_months(ref[seen], -12) >= HISTORY_START
        firsts.append(Events(ref[seen][enough], a[seen][enough], again[enough]))
        m = c.assessments
        auth, of = _d(m["auth"]), m["episode"].to_numpy()
        done = ~np.isnat(auth) & (auth <= AS_OF)
        assessed.append(Events(auth[done], a[of[done]], working_days(ref[of], auth)[done] <= 45))
        s = c.enquiries
        start, icpc = _d(s["start"]), _d(s["icpc"])
        icpc = np.where(icpc <= AS_OF, icpc, NEVER)
        old = start <= AS_OF - 60
        enquiries.append(
            (
                Events(start, np.full(len(s), c.area)),
                Events(start[old], np.full(int(old.sum()), c.area), ~np.isnat(icpc[old])),
            )
        )
        held = ~np.isnat(icpc)
        took = working_days(start, icpc)[held]
        conferences.append(Events(icpc[held], np.full(int(held.sum()), c.area), (took >= 0) & (took <= 15)))
        p = c.plans
        begin, end = _d(p["start"]), _d(p["end"])
        real = begin <= AS_OF
        begin, end, previous = (
            begin[real],
            np.where(end[real] <= AS_OF, end[real], NEVER),
            p["previous"].to_numpy()[real],
        )
        whose = person[p["episode"].to_numpy()[real]]
        # Only plans that ran in a census year can be known of.
        sent = np.isnat(end) | (end >= HISTORY_START)
        begin, end, previous, whose = begin[sent], end[sent], previous[sent], whose[sent]
        area = np.full(len(begin), c.area)
        returned = _returned(whose, begin, end)
        clear = begin - 730 >= HISTORY_START
        starts.append((Events(begin, area, previous > 0), Events(begin[clear], area[clear], returned[clear])))
        stocks.append(_stock(begin, end, c.area))
        closed = ~np.isnat(end)
        ends.append(Events(end[closed], area[closed], end[closed] >= after_months(begin[closed], 24)))
    yield from _rows("FD07", _sum(refs), rate=True)
    yield from _rows("FD08", _sum(firsts))
    yield from _rows("FD09", _sum(nfas))
    yield from _rows("AS01", _sum(assessed))
    yield from _rows("CP01", _sum([x for x, _ in enquiries]), rate=True)
    yield from _rows("CP02", _sum([y for _, y in enquiries]))
    yield from _rows("CP03", _sum(conferences))
    yield from _stock_rows("CP05", _sum(stocks), rate=True)
    yield from _rows("CP07", _sum([x for x, _ in starts]))
    yield from _rows("CP08", _sum([y for _, y in starts]))
    yield from _stock_rows("CP09A", _sum(stocks), rate=False)
    yield from _rows("CP09B", _sum(ends))


def _sum(parts: list[Events]) -> Events:
    def joined(name: str) -> Array | None:
        values = [getattr(p, name) for p in parts]
        return None if values[0] is None else np.concatenate(values)

    return Events(
        np.concatenate([p.when for p in parts]),
        np.concatenate([p.area for p in parts]),
        *(joined(n) for n in ("hit", "weight", "person", "agency", "counted")),
    )


def _again(person: Array, ref: Array) -> Array:
    """True where the person was referred on an earlier day of the twelve months before."""
    table = pd.DataFrame(
        {"person": person, "ref": ref.astype("datetime64[s]"), "row": np.arange(len(ref))}
    ).sort_values(["person", "ref"], kind="stable")
    days = table.drop_duplicates(["person", "ref"])
    earlier = days.groupby("person")["ref"].shift()
    table = table.merge(days.assign(earlier=earlier)[["person", "ref", "earlier"]], on=["person", "ref"])
    hit = table["earlier"].to_numpy().astype("datetime64[D]") >= after_months(_d(table["ref"]), -12)
    out = np.zeros(len(ref), bool)
    out[table["row"].to_numpy()] = hit
    return out


def _returned(person: Array, begin: Array, end: Array) -> Array:
    """True where an earlier plan of the person ended in the 730 days up to the start."""
    plans = pd.DataFrame(
        {
            "person": person,
            "begin": begin.astype("datetime64[s]"),
            "end": end.astype("datetime64[s]"),
            "row": np.arange(len(begin)),
        }
    )
    pairs = plans.merge(plans, on="person", suffixes=("", "_before"))
    pairs = pairs[pairs["begin_before"] < pairs["begin"]]
    ok = (pairs["end_before"] <= pairs["begin"]) & (
        pairs["end_before"] >= pairs["begin"] - pd.Timedelta(days=730)
    )
    out = np.zeros(len(begin), bool)
    out[pairs.loc[ok, "row"].to_numpy()] = True
    return out


def _stock(begin: Array, end: Array, area: int) -> Events:
    """Plans open at each month end, and whether they had been open for two years."""
    when, hit = [], []
    for month in np.arange(np.datetime64("2023-05"), np.datetime64("2026-05")):
        day = month.astype("datetime64[D]") - 1
        live = (begin <= day) & (np.isnat(end) | (end > day))
        when.append(np.full(int(live.sum()), day))
        hit.append(after_months(begin[live], 24) <= day)
    days = np.concatenate(when)
    return Events(days, np.full(len(days), area), np.concatenate(hit))


def _stock_rows(indicator: str, events: Events, rate: bool) -> Iterator[Row]:
    for code, members in _areas():
        here = events.pick(np.isin(events.area, members))
        for period in periods():
            last = here.pick(here.when == period.end)
            n = float(len(last.when))
            hit = float(last.hit.sum()) if last.hit is not None else 0.0
            yield _row(
                indicator,
                code,
                period,
                "total",
                "Total",
                n if rate else hit,
                _population(code, period) if rate else n,
                rate,
            )


def _missing(missing: agencies.Missing, known: dict[tuple[str, str], str]) -> Iterator[Row]:
    p = missing.police
    nominal = np.char.zfill((p["child"].to_numpy() + np.where(p["second"], 5_000_000, 0)).astype(str), 8)
    person = np.array([known.get(("staffordshire_police", str(i)), "") for i in nominal], dtype=object)
    area = p["home_la"].map({"860": 0, "861": 1}).fillna(-1).to_numpy().astype(int)
    # A rate's population is that of the home authority, so a child who lives outside the two councils is left out.
    counts = (p["grade"] != ABSENT).to_numpy() & (area >= 0)
    went = p["missing_at"].to_numpy().astype("datetime64[m]")
    day = p["reported_at"].to_numpy().astype("datetime64[D]")
    c = missing.council
    yield from _rows("EX04A", Events(day[counts], area[counts]), rate=True)
    yield from _rows(
        "EX04B", Events(day[counts], area[counts], person=person[counts]), rate=True, distinct=True
    )

    table = pd.DataFrame(
        {
            "person": person[counts],
            "area": area[counts],
            "went": went[counts].astype("datetime64[s]"),
            "row": np.flatnonzero(counts),
        }
    )
    table = table.sort_values(["person", "area", "went"], kind="stable")
    two_before = table.groupby(["person", "area"])["went"].shift(2)
    third = np.zeros(len(p), bool)
    third[table["row"].to_numpy()] = (two_before >= table["went"] - pd.Timedelta(days=90)).to_numpy()
    yield from _rows(
        "EX05", Events(day[counts], area[counts], third[counts], person=person[counts]), distinct=True
    )

    ids = np.where(
        c["area"] == 0,
        agencies.council_id(0, c["child"].to_numpy()),
        agencies.council_id(1, c["child"].to_numpy()),
    )
    theirs = np.array(
        [known.get((cal.COUNCILS[a], i), "") for a, i in zip(c["area"], ids, strict=True)], dtype=object
    )
    mine = pd.DataFrame(
        {"person": person, "area": area, "went": went.astype("datetime64[s]"), "row": np.arange(len(p))}
    )[counts]
    other = pd.DataFrame(
        {
            "person": theirs,
            "area": c["area"].to_numpy(),
            "started": c["started_at"].to_numpy().astype("datetime64[s]"),
        }
    )
    pairs = mine.merge(other, on=["person", "area"])
    near = (pairs["started"] - pairs["went"]).abs() <= pd.Timedelta(hours=24)
    agreed = np.zeros(len(p), bool)
    agreed[pairs.loc[near, "row"].to_numpy()] = True
    yield from _rows("EX09", Events(day[counts], area[counts], agreed[counts]))

    back = c["returned_at"].to_numpy().astype("datetime64[m]")
    rhi = c["rhi_at"].to_numpy().astype("datetime64[m]")
    old = (c["kind"] == "M").to_numpy() & ~np.isnat(back) & (back <= np.datetime64("2026-03-28T23:59"))
    held, offered = ~np.isnat(rhi), c["offered"].to_numpy(bool)
    when, where = back.astype("datetime64[D]"), c["area"].to_numpy()

    def some(mask: Array, hit: Array) -> Events:
        return Events(when[mask], where[mask], hit[mask])

    yield from _rows("EX07A", some(old & offered, held))
    yield from _rows("EX07B", some(old, held))
    yield from _rows("EX08", some(old & held, rhi - back <= np.timedelta64(72 * 60, "m")))


def _health(frame: pd.DataFrame) -> Iterator[Row]:
    first = frame[frame["assessment_type"] == "IHA"]
    entered, done, left = (_d(first[c]) for c in ("_entered", "_done", "_left"))
    area = first["responsible_la"].map({"860": 0, "861": 1}).fillna(-1).to_numpy().astype(int)
    due = add_working_days(entered, np.full(len(entered), 20))
    gone = np.isnat(done) & ~np.isnat(left) & (working_days(entered, left) < 20)
    recent = working_days(entered, np.full(len(entered), AS_OF)) < 20
    keep = ~gone & ~recent & ~np.isnat(due)
    yield from _rows("CC07", Events(entered[keep], area[keep], (working_days(entered, done) <= 20)[keep]))


def _schools(by_area: dict[int, dict[int, dict[str, pd.DataFrame]]]) -> Iterator[Row]:
    for indicator in ("ED01", "ED02", "ED03"):
        for year in cal.SCHOOL_YEARS:
            final, first = np.datetime64(f"{year}-05-01"), np.datetime64(f"{year}-03-01")
            sums = []
            for area in (0, 1):
                t = by_area[area][year]
                live = t["register"].loc[t["register"]["status"] == "OPEN", "school_urn"]
                returns = t["returns"]
                if indicator == "ED03":
                    latest = t["responses"].sort_values("version").drop_duplicates("_school", keep="last")
                    answers = latest[[c for c in latest if c in STANDARD_COLUMNS]]
                    sums.append((float(answers.isin(["3", "4"]).any(axis=1).sum()), float(len(latest))))
                else:
                    soonest = returns.groupby("_school")["_submitted"].min()
                    by = live.map(soonest).to_numpy().astype("datetime64[m]")
                    sums.append(
                        (float((by < (final if indicator == "ED01" else first)).sum()), float(len(live)))
                    )
            for i, (code, members) in enumerate(_areas()):
                n, of = (sum(s[k] for s in (sums if i == 2 else [sums[members[0]]])) for k in (0, 1))
                period = Period(
                    "academic_year",
                    f"{year - 1}-{year % 100}",
                    np.datetime64(f"{year - 1}-09-01"),
                    np.datetime64(f"{year}-08-31"),
                )
                yield _row(indicator, code, period, "total", "Total", n, of, False)


STANDARD_COLUMNS: Final = frozenset(
    (
        "staff_training",
        "code_of_conduct",
        "policy_published",
        "lead_and_deputies",
        "filtering_and_monitoring",
        "record_transfer",
        "single_central_record",
        "online_checks",
        "low_level_concerns",
        "child_on_child",
        "missing_from_education",
        "encompass",
    )
)


def _office(training: pd.DataFrame, board: pd.DataFrame) -> Iterator[Row]:
    came = training[training["status"] == "ATTENDED"]
    area = came["council_area"].map({"860": 0, "861": 1}).fillna(-1).to_numpy().astype(int)
    yield from _rows(
        "WF01",
        Events(_d(came["_date"]), area, agency=came["agency_name"].to_numpy(object)),
        agency=True,
        share=True,
    )
    area = board["meeting_group"].map({"BOARD_STAFFS": 0, "BOARD_STOKE": 1}).fillna(-1).to_numpy().astype(int)
    when, who = _d(board["_date"]), board["agency_name"].to_numpy(object)
    yield from _rows(
        "WF09", Events(when, area, (board["attendee_level"] != "NONE").to_numpy(), agency=who), agency=True
    )
    yield from _rows(
        "WF10",
        Events(when, area, board["attendee_level"].isin(["LEAD", "DELEGATE"]).to_numpy(), agency=who),
        agency=True,
    )


# --- quality: about the files


def area_of(submitter: str) -> int:
    """0 or 1 for what a council or its education team sends, -1 for what covers the whole partnership."""
    if submitter in cal.COUNCILS:
        return cal.COUNCILS.index(submitter)
    return cal.EDUCATION.index(submitter) if submitter in cal.EDUCATION else -1


def period_end(period: str) -> np.datetime64:
    """The last day of a month, quarter, term or financial year by its id; school years are not told apart by their id."""
    if "-T" in period:
        year = int(period[:4])
        return np.datetime64(
            {"1": f"{year}-12-31", "2": f"{year + 1}-03-31", "3": f"{year + 1}-08-31"}[period[-1]]
        )
    if "-Q" in period:
        q = int(period[-1])
        return (np.datetime64(f"{period[:4]}-04", "M") + 3 * q).astype("datetime64[D]") - 1
    if len(period) == 7 and int(period[5:]) == (int(period[2:4]) + 1) % 100 and int(period[5:]) > 12:
        return fy_end(int(period[:4]) + 1)
    return (np.datetime64(period, "M") + 1).astype("datetime64[D]") - 1


def last_day(d: Delivery) -> np.datetime64:
    return end_of(d.agency, d.extract, d.period)


def end_of(agency: str, extract: str, period: str) -> np.datetime64:
    """The last day of a sender's period: a year of schools ends in August, one of the workforce count on 30 September."""
    if extract == "social_work_workforce":
        return np.datetime64(f"{int(period[:4]) + 1}-09-30")
    whole_year = agency == "school" and len(period) == 7
    return np.datetime64(f"{int(period[:4]) + 1}-08-31") if whole_year else period_end(period)


def due_day(contracts: Contracts, key: str, end: np.datetime64) -> np.datetime64:
    """The agreed deadline of a period that ends on `end`."""
    delivery = contracts[key].delivery
    if delivery.due_working_days is not None:
        return add_working_days(np.array([end]), np.array([delivery.due_working_days]))[0]
    return end + np.timedelta64(delivery.due_days, "D")


def awaited() -> set[str]:
    """Extracts that are due at a stated time; figures about returns count no others (Ofsted's lists come when asked for)."""
    return {k for a in load_agreements().values() for k, flow in a.flows.items() if flow.returns_from}


def _quality(deliveries: list[Delivery], contracts: Contracts) -> Iterator[Row]:
    accepted: dict[tuple[str, str, str], dt.date] = {}
    for d in deliveries:
        if d.accepted:
            place = (d.key, d.submitter, d.period)
            accepted[place] = min(accepted.get(place, dt.date.max), d.received.date())
    owed = awaited()
    asked = {(d.key, d.submitter, d.period): d for d in deliveries if d.key in owed}
    when = np.array(
        [due_day(contracts, k, last_day(d)) for (k, _, _), d in asked.items()], dtype="datetime64[D]"
    )
    hit = (
        np.array(
            [np.datetime64(accepted.get(place, dt.date(2100, 1, 1))) for place in asked],
            dtype="datetime64[D]",
        )
        <= when
    )
    area = np.array([area_of(s) for _, s, _ in asked])
    due = when <= np.datetime64(max(d.received for d in deliveries if d.accepted).date())
    yield from _rows("DQ01", Events(when, area, hit).pick(due))

    current = [d for d in in_force(deliveries) if d.key in owed]
    ends = np.array([last_day(d) for d in current], dtype="datetime64[D]")
    areas = np.array([area_of(d.submitter) for d in current])
    received = np.array([sum(len(t) for t in d.tables.values()) for d in current], dtype=float)
    rejected = np.array(
        [sum(int(t["_reject"].sum()) for t in d.tables.values()) for d in current], dtype=float
    )
    yield from _weighted("DQ02", ends, areas, received - rejected, received)
    standard, coded = np.array([_coded(d, contracts) for d in current], dtype=float).T
    yield from _weighted("DQ06", ends, areas, standard, coded)


def _matched(deliveries: list[Delivery], people: pd.DataFrame, sent: pd.DataFrame) -> Iterator[Row]:
    """DQ05, children matched across agencies, in per cent.

    A record is a child token (submitter and local id) in a submission in force, once, of any extract that is owed (as for DQ02) and has a
    table that says whose its rows are. It counts in the numerator when the same person is known to another agency too, by any submission in
    force; the same as far as it can be known (`person_knowable`). Agencies are those of the contracts: council, police, health, school.
    The day is the last of the submission's period, the area that of the submitter. A test record is nobody, so it is never matched.
    """
    current, owed = in_force(deliveries), awaited()
    agencies_of = people.groupby("person_knowable")["agency"].nunique()
    person = people["person_knowable"]
    shared = ((person != "") & (person.map(agencies_of) > 1)).to_numpy()
    named = sent[[current[d].key in owed for d in sent["delivery"]]]
    per = pd.DataFrame({"delivery": named["delivery"], "hit": shared[named["record"].to_numpy()]})
    per = per.groupby("delivery")["hit"].agg(["sum", "size"])
    where = [current[d] for d in per.index]
    yield from _weighted(
        "DQ05",
        np.array([last_day(d) for d in where], dtype="datetime64[D]"),
        np.array([area_of(d.submitter) for d in where]),
        per["sum"].to_numpy(dtype=float),
        per["size"].to_numpy(dtype=float),
    )


def _weighted(indicator: str, when: Array, area: Array, good: Array, every: Array) -> Iterator[Row]:
    n = len(when)
    yield from _rows(
        indicator,
        Events(
            np.r_[when, when],
            np.r_[area, area],
            np.r_[np.ones(n, bool), np.zeros(n, bool)],
            np.r_[good, every - good],
        ),
    )


def _coded(d: Delivery, contracts: Contracts) -> tuple[int, int]:
    """(values that are codes of the year's list as sent, values sent) over every coded field of a delivery."""
    extract = contracts[d.key].at(int(str(last_day(d))[:4]))
    good = every = 0
    for table in extract.tables:
        if table.name not in d.tables:
            continue
        frame = d.tables[table.name]
        frame = frame[~frame["_ragged"].astype(bool)]
        for spec in table.fields:
            if spec.type is FieldType.code and spec.codelist and spec.name in frame:
                codes = contracts.codelists[spec.codelist]
                stored = codes.stored()
                live = {c.code for c in codes.codes if c.in_force(int(str(last_day(d))[:4]))}
                for text, n in frame[spec.name].value_counts().items():  # each spelling once
                    sent = str(text).strip().lstrip("'").strip()
                    blank = sent.casefold() in BLANKS and sent.casefold() not in stored
                    every += 0 if blank else int(n)
                    parts = re.split(f"[{re.escape(spec.split)}]", sent) if spec.split else [sent]
                    standard = {p.strip() for p in parts if p.strip()}
                    good += int(n) if standard and standard <= live and not blank else 0
    return good, every


#: Stand-ins for blank that are planted anywhere.
BLANKS: Final = frozenset(("", "-", "tbc", "n/a", "null", "not recorded"))
