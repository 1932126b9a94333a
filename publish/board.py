"""The board's data: everything that the report and the board tables may use, already protected.

Lives here: reading the warehouse into protected frames, and the look-ups that pages ask of them.
Add here: another protected frame.
Must not live here: HTML, charts, sentences. After this module nothing that is published has seen an exact count of
children: pages, charts, alternative text and CSV files are all made from what this module returns.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from ingest.contract import Contracts
from publish import words
from publish.audiences import OPEN_COUNTS
from publish.disclosure import NOT_AVAILABLE, protect, shown_counts, shown_share
from publish.reading import Warehouse
from publish.words import PHRASES, Benchmark, Figure

STAFFORDSHIRE, STOKE, JOINT = "E10000028", "E06000021", "SCP_JOINT"
COUNCILS = (STAFFORDSHIRE, STOKE)
AREA_NAMES = {STAFFORDSHIRE: "Staffordshire", STOKE: "Stoke-on-Trent", JOINT: "both areas together"}

VALUE_COLUMNS = (
    "indicator_id definition_version area_code period_type period_id period_start period_end breakdown breakdown_value "
    "numerator denominator unit population_year n_excluded trust trust_reason"
)
#: What the register may call a thing, best first: the register belongs to the framework and may grow.
REGISTER = {
    "name": ("name", "title", "label", "short_name"),
    "meaning": ("plain", "plain_english", "definition", "description", "meaning", "means"),
    "numerator": ("numerator_words", "numerator"),
    "denominator": ("denominator_words", "denominator"),
    "polarity": ("polarity",),
    "unit": ("unit",),
    "owner": ("owner",),
    "sub_group": ("sub_group", "subgroup", "group"),
    "source": ("definition_source", "source"),
    "benchmark": ("benchmark", "benchmark_table", "benchmark_source_table"),
    "version": ("definition_version", "version"),
    "theme": ("theme",),
    "sources": ("sources",),
}


@dataclass(frozen=True)
class Linkage:
    """How children are recognised across agencies, protected. Frames without rows where nothing is known."""

    quality: pd.DataFrame  # agencies, group, recall_* and precision_* (see linkage_quality)
    known_to: pd.DataFrame  # n_agencies, n, n_symbol: children whom so many agencies know
    rates: pd.DataFrame  # submission_id, sender, period and the match rate (n, d, value and their symbols)
    by_sender: pd.DataFrame  # the last whole year's match rates by sender and by return
    counts: dict[str, tuple[float, str]]  # counts of the last linkage
    events: pd.DataFrame  # release_id, kind, recorded_on, n, n_symbol: keys that changed
    touched: pd.DataFrame  # release_id, indicator_id: figures of which they hold records


@dataclass(frozen=True)
class Board:
    """Protected frames and facts. `values` has the columns that `disclosure.protect` adds and none of the exact ones."""

    as_of: dt.date
    synthetic: bool
    values: pd.DataFrame
    register: dict[str, dict[str, str]]
    comparators: pd.DataFrame
    periods: dict[tuple[str, str], str]
    returns: pd.DataFrame
    submissions: pd.DataFrame
    rules: pd.DataFrame
    seats: pd.DataFrame
    bookings: pd.DataFrame
    schools: pd.DataFrame
    agreement: pd.DataFrame
    list_gaps: pd.DataFrame
    published: pd.DataFrame
    left_out: pd.DataFrame
    linkage: Linkage

    def latest(self, indicator: str, area: str) -> tuple[Figure | None, Figure | None]:
        """The last whole year's figure and the one before."""
        kind = "academic_year" if indicator.startswith("ED") else "financial_year"
        # A school year's returns are complete at their final deadline, 30 April, four months before the year ends.
        lead = dt.timedelta(days=123 if indicator.startswith("ED") else 0)
        found = [f for f in self.series(indicator, area, kind) if f.end is None or f.end - lead <= self.as_of]
        return (found[-1] if found else None, found[-2] if len(found) > 1 else None)

    def trend(self, indicator: str, area: str, *, yearly: bool = False) -> list[Figure]:
        """The series that a chart shows: 12-month rates so that they compare with a year, else quarters or years."""
        if yearly:
            return [
                f
                for f in self.series(indicator, area, "financial_year")
                if f.end is None or f.end <= self.as_of
            ]
        if indicator.startswith("ED"):
            return self.series(indicator, area, "academic_year")
        kind = PHRASES[indicator].kind
        rolling = self.series(indicator, area, "rolling_12_months") if kind == "rate" else []
        return rolling if len(rolling) > 1 else self.series(indicator, area, "quarter")

    def series(self, indicator: str, area: str, period_type: str) -> list[Figure]:
        """The totals by period, from the first to the last period that the data reach."""
        key = (indicator, area, period_type)
        if key not in self._series:
            figures = [self._figure(r) for r in self._pick(*key, "total")]
            reached = [i for i, f in enumerate(figures) if f.symbol != NOT_AVAILABLE]
            self._series[key] = figures[reached[0] : reached[-1] + 1] if reached else []
        return self._series[key]

    def why_left_out(self, indicator: str, area: str, period_id: str) -> list[str]:
        """The reasons for which records of a year are left out, the most common first."""
        x = self.left_out
        return [
            str(r)
            for r in x.loc[
                (x["indicator_id"] == indicator) & (x["area_code"] == area) & (x["period_id"] == period_id),
                "reason",
            ]
        ]

    def breakdown(self, indicator: str, area: str, by: str, period_id: str) -> dict[str, Figure]:
        """One year's figures by group."""
        rows = [r for r in self._pick(indicator, area, "financial_year", by) if r["period_id"] == period_id]
        return {str(r["breakdown_value"]): self._figure(r) for r in rows}

    def _pick(self, indicator: str, area: str, period_type: str, by: str) -> list[dict[Any, Any]]:
        return self._by_series.get((indicator, area, period_type, by), [])

    @cached_property
    def _series(self) -> dict[tuple[str, str, str], list[Figure]]:
        return {}

    @cached_property
    def _by_series(self) -> dict[tuple[str, ...], list[dict[Any, Any]]]:
        """The rows that pages ask for (totals, and groups of a year), cut up once, oldest first."""
        v = self.values
        asked = v[
            (v["period_type"] != "month")
            & ((v["breakdown"] == "total") | (v["period_type"] == "financial_year"))
        ]
        out: dict[tuple[str, ...], list[dict[Any, Any]]] = {}
        for r in asked.sort_values("period_end", kind="stable").to_dict("records"):
            out.setdefault((r["indicator_id"], r["area_code"], r["period_type"], r["breakdown"]), []).append(
                r
            )
        return out

    def _figure(self, r: dict[Any, Any]) -> Figure:
        year = r["population_year"]
        return Figure(
            area=AREA_NAMES.get(r["area_code"], str(r["area_code"])),
            period=said_period(str(r["period_type"]), str(r["period_id"]), as_date(r["period_end"])),
            end=as_date(r["period_end"]),
            n=r["n"], n_symbol=r["n_symbol"], d=r["d"], d_symbol=r["d_symbol"],
            value=r["value"], symbol=r["symbol"], low=r["low"], high=r["high"],
            trust=str(r["trust"]), reason=text(r["trust_reason"]),
            population_year=None if pd.isna(year) else int(year),
            excluded=r["excluded"], excluded_symbol=r["excluded_symbol"],
        )  # fmt: skip

    def benchmarks(self, indicator: str, area: str) -> list[Benchmark]:
        names = {"england": "England", "west_midlands": "the West Midlands", "neighbour_median": "its statistical neighbours",
                 "published_self": "this council, as the DfE published it"}  # fmt: skip
        c = self.comparators
        rows = c[(c["indicator_id"] == indicator) & (c["area_code"] == area)].to_dict("records")
        by_key = {str(r["comparator"]): r for r in rows}
        return [
            Benchmark(key, name, financial_year(text(by_key[key]["year"])), as_float(by_key[key]["value"]), text(by_key[key]["symbol"]),
                      None if pd.isna(by_key[key]["n_areas"]) else int(by_key[key]["n_areas"]))
            for key, name in names.items()
            if key in by_key
        ]  # fmt: skip

    def has(self, indicator: str) -> bool:
        return indicator in PHRASES and bool((self.values["indicator_id"] == indicator).any())


def load(warehouse: Warehouse, *, synthetic: bool) -> Board:
    """Read and protect everything that may be published."""
    values = warehouse.frame("fct_indicator_value", VALUE_COLUMNS)
    # A plain count has no denominator that means anything: whatever stands there is not published.
    values["denominator"] = values["denominator"].mask(values["unit"] == "count")
    child = ~values["indicator_id"].isin(list(OPEN_COUNTS))
    shown = protect(values, child, is_rate(values))
    returns = warehouse.frame(
        "fct_expected_return",
        "agency extract submitter area_code period period_start period_end due_on grace_until submission_id status "
        "first_received_on",
    )
    submissions = warehouse.frame(
        "fct_submission",
        "submission_id agency extract submitter period period_end submission_no received_at due_on status reason_code "
        "agreement_id contract_version rows_received rows_accepted rows_rejected",
    )
    rules = warehouse.frame(
        "fct_quality_result",
        "submission_id agency extract table_name submitter period rule_id column_name severity fixes says checked failed",
        "failed > 0", optional=True,
    )  # fmt: skip
    return Board(
        as_of=latest_date(submissions["received_at"]),
        synthetic=synthetic,
        values=shown,
        register=read_register(warehouse),
        comparators=warehouse.frame(
            "fct_indicator_comparator", "indicator_id area_code comparator year value symbol n_areas source_table",
            optional=True),
        periods={},
        returns=returns,
        submissions=rounded(submissions, ["rows_received", "rows_accepted", "rows_rejected"]),
        rules=rules_of_current(rules, submissions),
        seats=warehouse.frame(
            "fct_meeting_seat", "meeting_group area_code meeting_date agency_name attendee_level mode is_attended",
            optional=True),
        bookings=warehouse.frame(
            "fct_training_booking", "agency_name area_code level course_date mode status", optional=True),
        schools=school_states(warehouse),
        agreement=police_council(warehouse),
        list_gaps=lists_census(warehouse),
        published=warehouse.frame(
            "fct_published_figure",
            "source_table measure area_code area_name geographic_level time_period value symbol", optional=True),
        left_out=reasons_left_out(warehouse),
        linkage=linkage(warehouse),
    )  # fmt: skip


def linkage(warehouse: Warehouse) -> Linkage:
    """Everything about linkage that may be published."""
    rates = match_rates(warehouse)
    counts = warehouse.frame("fct_linkage_summary", "item n", optional=True)
    shown, symbol = shown_counts(counts["n"])
    return Linkage(
        quality=linkage_quality(warehouse),
        known_to=rounded(warehouse.frame("fct_children_by_agencies", "n_agencies n_children", optional=True), ["n_children"]),
        rates=protect_share(rates, "n_matched", "n_children"),
        by_sender=rates_by_sender(rates),
        counts={str(i): (float(n), str(s)) for i, n, s in zip(counts["item"], shown, symbol, strict=True)},
        events=key_events(warehouse),
        touched=touched_figures(warehouse),
    )  # fmt: skip


def linkage_quality(warehouse: Warehouse) -> pd.DataFrame:
    """Recall and precision by agencies and group: recall_n, recall_d, recall_value and so on, the same of precision, and
    wrong links. The exact counts stay behind."""
    q = warehouse.frame(
        "fct_linkage_quality",
        "measured_on agency_a agency_b group_kind group_value true_pairs linked_pairs correct_pairs wrong_pairs is_recall_low",
        optional=True,
    )
    recall = shown_share(q["correct_pairs"], q["true_pairs"]).add_prefix("recall_")
    precision = shown_share(q["correct_pairs"], q["linked_pairs"]).add_prefix("precision_")
    wrong = rounded(q[["wrong_pairs"]], ["wrong_pairs"])
    named = q[["measured_on", "agency_a", "agency_b", "group_kind", "group_value"]]
    # Of too few pairs nothing is shown, so nothing is said of them either.
    low = q["is_recall_low"].fillna(False).astype(bool) & (recall["recall_symbol"] == "")
    return pd.concat([named, recall, precision, wrong, low.rename("is_recall_low")], axis=1)


def match_rates(warehouse: Warehouse) -> pd.DataFrame:
    return warehouse.frame(
        "fct_submission_match_rate",
        "submission_id agency extract submitter period period_end n_children n_matched", optional=True,
    )  # fmt: skip


def rates_by_sender(rates: pd.DataFrame) -> pd.DataFrame:
    """Match rates of the last whole financial year that returns reach, by sender and return, then by sender (extract blank)."""
    if rates.empty:
        return protect_share(rates.assign(year=""), "n_matched", "n_children")
    ends = pd.to_datetime(rates["period_end"])
    last = ends.max() + pd.Timedelta(days=1)
    year_end = pd.Timestamp(last.year - (last.month < 4), 3, 31)
    year = rates[(ends > year_end - pd.DateOffset(years=1)) & (ends <= year_end)]
    sums = ["n_children", "n_matched"]
    each = year.groupby(["agency", "submitter", "extract"], as_index=False, sort=True)[sums].sum()
    every = year.groupby(["agency", "submitter"], as_index=False, sort=True)[sums].sum().assign(extract="")
    named = f"{year_end.year - 1}-{year_end.year % 100:02d}"
    return protect_share(
        pd.concat([every, each], ignore_index=True).assign(year=named), "n_matched", "n_children"
    )


def protect_share(frame: pd.DataFrame, numerator: str, denominator: str) -> pd.DataFrame:
    """A share of children, protected like an indicator's: n, d, value, low, high and their symbols instead of the counts."""
    named = frame.rename(columns={numerator: "numerator", denominator: "denominator"}).assign(
        trust="complete"
    )
    flags = pd.Series(True, index=frame.index)
    return protect(named, flags, ~flags).drop(columns=["trust", "excluded", "excluded_symbol"])


def key_events(warehouse: Warehouse) -> pd.DataFrame:
    """Merges and splits of keys that a release had shown, counted by that release, the last first; protected."""
    if not warehouse.has("fct_person_key_event"):
        return pd.DataFrame(columns=["release_id", "kind", "recorded_on", "n", "n_symbol"])
    counted = warehouse.query(
        f"""select coalesce(release_id, '') as release_id, kind, max(recorded_on) as recorded_on, count(*) as n
            from {warehouse.sql_name("fct_person_key_event")} where kind in ('merge', 'split')
            group by all order by recorded_on desc, release_id, kind"""
    )
    return rounded(counted, ["n"])


def touched_figures(warehouse: Warehouse) -> pd.DataFrame:
    """The indicators of which merged or split keys hold records, by release; how many records is never read."""
    if not warehouse.has("fct_person_key_event_effect"):
        return pd.DataFrame(columns=["release_id", "indicator_id"])
    return warehouse.query(
        f"""select distinct coalesce(release_id, '') as release_id, indicator_id
            from {warehouse.sql_name("fct_person_key_event_effect")} order by all"""
    )


def reasons_left_out(warehouse: Warehouse) -> pd.DataFrame:
    """Why records are left out of a yearly figure, the most common reason first; how many is never read."""
    if not warehouse.has("fct_indicator_exclusion"):
        return pd.DataFrame(columns=["indicator_id", "area_code", "period_id", "reason"])
    return warehouse.query(
        f"""select indicator_id, area_code, period_id, reason from {warehouse.sql_name("fct_indicator_exclusion")}
            where period_type = 'financial_year' group by all order by indicator_id, area_code, period_id, sum(n) desc, reason"""
    )


def in_plain_words(board: Board, contracts: Contracts) -> Board:
    """Trust reasons with the titles of the returns and with months, where the framework has short names and ids."""
    titles = {e.extract.replace("_", " "): lower_first(e.title) for e in contracts.values()}
    short = re.compile(
        rf"\b({'|'.join(sorted(map(re.escape, titles), key=len, reverse=True))})(?= from | for )"
    )
    period = re.compile(r"\b\d{4}-\d{2}(?:-Q\d)?\b")

    def say(reason: object) -> str:
        said = short.sub(lambda m: titles[m[1]], text(reason))
        return period.sub(lambda m: words.sent_period(m[0]), said)

    found = board.values["trust_reason"]
    said = {r: say(r) for r in found.unique()}
    return replace(board, values=board.values.assign(trust_reason=found.map(said)))


def lower_first(title: str) -> str:
    """A title inside a sentence, unless it starts with an abbreviation."""
    return title if title[:2].isupper() else title[:1].lower() + title[1:]


def financial_year(year: str) -> str:
    """The DfE names a year by the March in which it ends; this report names it 2024-25 everywhere."""
    return f"{int(year) - 1}-{int(year) % 100:02d}" if re.fullmatch(r"\d{4}", year) else year


def is_rate(values: pd.DataFrame) -> pd.Series:
    """Rates divide by a published population, which needs no protection; plain counts divide by nothing."""
    return values["unit"].isin(["per_10000", "count"])


def rounded(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Counts of rows about children, protected like any other: each becomes a number and `<name>_symbol`."""
    out = frame.copy()
    for column in columns:
        out[column], out[f"{column}_symbol"] = shown_counts(frame[column])
    return out


def rules_of_current(rules: pd.DataFrame, submissions: pd.DataFrame) -> pd.DataFrame:
    """Failing rules of the last year's submissions, added up by sender and rule, then protected."""
    if rules.empty:
        return rounded(rules, ["checked", "failed"])
    recent = submissions["received_at"] > submissions["received_at"].max() - pd.DateOffset(months=12)
    kept = rules[rules["submission_id"].isin(submissions.loc[recent, "submission_id"])]
    keys = [
        "agency",
        "submitter",
        "extract",
        "table_name",
        "rule_id",
        "column_name",
        "severity",
        "fixes",
        "says",
    ]
    # A row that fell with its parent is no fault of its own: the parent's rule is listed.
    kept = kept[~kept["rule_id"].str.endswith(".parent_rejected")]
    kept = kept.assign(column_name=kept["column_name"].fillna("").astype(str))
    summed = kept.groupby(keys, dropna=False, as_index=False, sort=True)[["checked", "failed"]].sum()
    order = summed["severity"].map({"block_file": 0, "reject_row": 1, "warn": 2, "note": 3}).fillna(4)
    summed = summed.assign(order=order).sort_values(
        ["order", "failed"], ascending=[True, False], kind="stable"
    )
    return rounded(summed.drop(columns="order"), ["checked", "failed"])


def school_states(warehouse: Warehouse) -> pd.DataFrame:
    """One row a school in scope in the latest year whose deadline has passed, with its state and its gaps.

    States: not returned, returned late (after 30 April), returned with gaps, returned.
    """
    if not (warehouse.has("dim_school") and warehouse.has("fct_school_return")):
        return pd.DataFrame(
            columns=[
                "academic_year",
                "area_code",
                "school_urn",
                "school_name",
                "phase",
                "state",
                "submitted_on",
                "gaps",
            ]
        )
    school, sent = warehouse.sql_name("dim_school"), warehouse.sql_name("fct_school_return")
    answers = (
        "(select null as academic_year, null as school_urn, null as gaps, null as area_code where false)"
    )
    if warehouse.has("fct_school_response"):
        answers = f"""(
            select a.academic_year, a.area_code, a.school_urn,
                   string_agg(distinct replace(a.question, '_', ' '), '; ' order by replace(a.question, '_', ' ')) as gaps
            from {warehouse.sql_name("fct_school_response")} a
            where a.is_latest and cast(a.answer as varchar) in ('3', '4') group by all)"""
    return warehouse.query(f"""
        with returned as (
            select academic_year, area_code, school_urn, min(submitted_at) as first_at,
                   bool_or(self_identified and is_latest) as self_identified
            from {sent} group by all),
        year as (select max(academic_year) as academic_year from {sent})
        select s.academic_year, s.area_code, s.school_urn, s.school_name, s.phase,
               case when r.school_urn is null then 'not returned'
                    when cast(r.first_at as date) > make_date(cast(left(s.academic_year, 4) as int) + 1, 4, 30)
                        then 'returned late'
                    when g.gaps is not null or r.self_identified then 'returned with gaps'
                    else 'returned' end as state,
               cast(r.first_at as date) as submitted_on, coalesce(g.gaps, '') as gaps
        from {school} s
        join year using (academic_year)
        left join returned r on r.academic_year = s.academic_year and r.area_code = s.area_code
             and r.school_urn = s.school_urn
        left join {answers} g on g.academic_year = s.academic_year and g.area_code = s.area_code
             and g.school_urn = s.school_urn
        where upper(coalesce(s.status, 'OPEN')) in ('OPEN', '1') or upper(s.status) like 'OPEN%'
        order by all""")


def police_council(warehouse: Warehouse) -> pd.DataFrame:
    """The worklist of differences: missing episodes that only the police or only the council has, by year, protected."""
    table = "rec_missing_police_council"
    if not warehouse.has(table):
        return pd.DataFrame(columns=["area_code", "gap", "year", "n", "n_symbol"])
    counted = warehouse.query(
        f"""select area_code, gap, year(started_at) - (month(started_at) < 4)::int as year, count(*) as n
            from {warehouse.sql_name(table)} where area_code is not null group by all order by all"""
    )
    return rounded(counted, ["n"])


def lists_census(warehouse: Warehouse) -> pd.DataFrame:
    """The worklist of differences between Ofsted's lists and the census, counted by fact and field, protected."""
    table = "rec_annex_a_census"
    if not warehouse.has(table):
        return pd.DataFrame(columns=["area_code", "fact", "gap", "field", "n", "n_symbol"])
    counted = warehouse.query(
        f"""select area_code, fact, gap, coalesce(field, '') as field, count(*) as n
            from {warehouse.sql_name(table)} group by all order by all"""
    )
    return rounded(counted, ["n"])


def read_register(warehouse: Warehouse) -> dict[str, dict[str, str]]:
    have = warehouse.columns.get("dim_indicator", [])
    frame = warehouse.frame("dim_indicator", " ".join(have))
    picked = {name: next((c for c in options if c in have), None) for name, options in REGISTER.items()}
    return {
        str(row["indicator_id"]): {name: text(row[c]) if c else "" for name, c in picked.items()}
        for row in frame.to_dict("records")
    }


def said_period(period_type: str, period_id: str, end: dt.date | None) -> str:
    """A period as it is said: 2025-26, January to March 2026, the 12 months to March 2026."""
    if period_type == "rolling_12_months" and end:
        return f"the 12 months to {end:%B %Y}"
    if period_type == "quarter" and end:
        first = (pd.Timestamp(end) - pd.DateOffset(months=2)).strftime("%B")
        return f"{first} to {end:%B %Y}"
    if period_type == "academic_year":
        return f"the {period_id.replace('-', '/')} school year"
    if period_type == "month" and end:
        return f"{end:%B %Y}"
    return re.sub(r"-R12$", "", period_id)


def as_date(value: object) -> dt.date | None:
    return None if pd.isna(value) else pd.Timestamp(value).date()  # pyright: ignore


def as_float(value: object) -> float:
    return math.nan if pd.isna(value) else float(value)  # pyright: ignore


def text(value: object) -> str:
    """Text or nothing: a missing value is never printed as 'nan' or 'None'."""
    if value is None or (not isinstance(value, list | tuple) and pd.isna(value)):  # pyright: ignore
        return ""
    return str(value).strip()


def latest_date(stamps: pd.Series) -> dt.date:
    found = pd.to_datetime(stamps, errors="coerce").max()
    return dt.date(1970, 1, 1) if pd.isna(found) else found.date()
