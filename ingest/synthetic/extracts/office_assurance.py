"""The office's registers of assurance and learning (PA04 to PA06, PA08 to PA12): actions, audits, section 11, returns, money,
disagreements, the register of agreements and what children say; as each quarter's or year's file has them.

Lives here: rows that are about agencies, and coded answers that are about nobody who can be known.
Add here: another register of the office that is not restricted.
Must not live here: reviews and restraint (office_restricted.py), training (office_training.py).

Every count and share is synthetic: no published figure says them. Counts about agencies are the same at every size of the world.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from ingest.agreement import load_agreements
from ingest.projections.agreement_fields import agreement_fields
from ingest.synthetic.agencies import british
from ingest.synthetic.days import NEVER, add_working_days, plus
from ingest.synthetic.defects import Planter, each, put, serial
from ingest.synthetic.extracts.office_restricted import THEMES, heading, quarter_days, several
from ingest.synthetic.others import QUARTERS
from ingest.synthetic.population import Array, draw
from ingest.synthetic.world import World, split
from ingest.synthetic.writers import Delivery, Style

OFFICE: Final = "partnership_office"
ACTIONS, AUDITS, SECTION11, ASSURANCE, BUDGET, ESCALATIONS, SHARING, VOICE = (
    f"partnership/{name}"
    for name in (
        "action_tracker",
        "audits",
        "section11",
        "assurance_returns",
        "budget_contributions",
        "escalations",
        "sharing_agreements",
        "voice",
    )
)
YEARS: Final = (2024, 2025, 2026)  # financial years by the year they end in
START: Final = np.datetime64("2023-04-03")
AGENCIES: Final = ("STAFFS_CC", "STOKE_CC", "POLICE", "ICB", "MPFT", "UHNM", "SCHOOLS", "PROBATION")
EVERYBODY: Final = (*AGENCIES, "FIRE", "DISTRICTS", "VCSE", "HMYOI")
FUNDERS: Final = {
    "STAFFS_CC": 152_000,
    "STOKE_CC": 88_000,
    "POLICE": 74_000,
    "ICB": 74_000,
    "PROBATION": 5_000,
    "DISTRICTS": 12_000,
}
STANDARDS: Final = tuple(f"S{n}" for n in range(1, 9))
SUBJECTS: Final = ("STAFFING", "CONTACT", "DEMAND", "BACKLOG", "COMMISSIONED", "FUNDING")
RAG: Final = np.array(["GREEN", "AMBER", "RED"], dtype=object)
GRADES: Final = np.array(["OUTSTANDING", "GOOD", "RI", "INADEQUATE"], dtype=object)
ACTION_COUNT, ESCALATION_COUNT = 130, 90


def deliveries(world: World) -> Iterator[Delivery]:
    """Every register, quarter by quarter or year by year."""
    rng = world.population.rng("office-assurance-sending")

    def send(
        key: str, period: str, table: str, frame: pd.DataFrame, style: Style | None, suffix: str
    ) -> Delivery:
        name = f"{key.split('/')[1]}_{period}.{suffix}"
        return world.sent(key, OFFICE, period, name, {table: frame}, style, rng)

    actions, disagreements = _actions(world), _escalations(world)
    for quarter in QUARTERS:
        first, last = quarter_days(quarter)
        tracker = heading("Action tracker", quarter)
        yield send(ACTIONS, quarter, "actions", _tracker(actions, first, last), tracker, "xlsx")
        log = _still_open(disagreements, first, last)
        yield send(ESCALATIONS, quarter, "escalations", log, heading("Escalations", quarter), "xlsx")
    for key, table, frame, words in (
        (AUDITS, "audits", _audits(world), "Multi-agency case audits"),
        (ASSURANCE, "returns", _returns(world), "Assurance returns"),
    ):
        for quarter, rows in split(frame):
            yield send(key, quarter, table, rows, heading(words, quarter), "xlsx")
    for quarter, rows in split(_voice(world)):
        yield send(VOICE, quarter, "responses", rows, None, "csv")
    for year in YEARS:
        period = f"{year - 1}-{year % 100}"
        style = Style(
            title=(f"Section 11 self-assessment (synthetic), financial year {year - 1}/{year % 100}",)
        )
        yield send(SECTION11, period, "standards", _section11(world, year), style, "xlsx")
        yield send(BUDGET, period, "contributions", _budget(world, year), None, "csv")
        yield send(SHARING, period, "permissions", _register(world, year), None, "csv")


def _numbered(prefix: str, n: int, width: int = 4) -> Array:
    return np.char.add(prefix, np.char.zfill(np.arange(1, n + 1).astype(str), width)).astype(object)


def _known(days: pd.Series, last: np.datetime64) -> Array:
    """Days up to the last one; what lies after it is not known yet."""
    found = days.to_numpy().astype("datetime64[D]")
    return np.where(found <= last, found, NEVER)


def _actions(world: World) -> pd.DataFrame:
    rng = world.population.rng("office-actions")
    n = ACTION_COUNT
    agreed = np.sort(START + rng.integers(0, 1080, n).astype("timedelta64[D]"))
    due = plus(agreed, rng.choice([60, 90, 120, 180], n))
    done = np.where(rng.random(n) < 0.88, plus(due, rng.integers(-50, 60, n)), NEVER)
    source = draw(
        rng,
        {"PRACTICE_REVIEW": 3, "RAPID_REVIEW": 4, "AUDIT": 6, "SECTION11": 2, "INSPECTION": 2, "SCRUTINY": 1},
        n,
    )
    return pd.DataFrame(
        {
            "action_ref": _numbered("A", n),
            "action_source": source,
            "source_ref": np.where(
                source == "RAPID_REVIEW",
                "RR" + pd.Series(rng.integers(1, 16, n)).astype(str).str.zfill(3),
                "",
            ),
            "agency_name": rng.choice(np.array(AGENCIES, dtype=object), n),
            "agreed": agreed,
            "due": due,
            "done": np.maximum(done, agreed),
            "seen": rng.random(n) < 0.8,
            "slow": rng.random(n),
        }
    )


def _tracker(actions: pd.DataFrame, first: np.datetime64, last: np.datetime64) -> pd.DataFrame:
    """The tracker at the end of a quarter: what is open, and what was closed in it."""
    agreed, done = _known(actions["agreed"], last), _known(actions["done"], last)
    closed_before = ~np.isnat(done) & (done < first)
    finished = ~np.isnat(done)
    due = actions["due"].to_numpy().astype("datetime64[D]")
    begun = finished | (actions["slow"].to_numpy() < 0.85)
    rag = np.where(finished | (due > last + 30), "GREEN", np.where(due >= last, "AMBER", "RED"))
    frame = pd.DataFrame(
        {
            "action_ref": actions["action_ref"],
            "action_source": actions["action_source"],
            "source_ref": actions["source_ref"],
            "agency_name": actions["agency_name"],
            "owner_name": "O. Owner",
            "action_text": "",
            "agreed_on": british(agreed),
            "due_on": british(due),
            "action_status": np.where(finished, "DONE", np.where(begun, "OPEN", "NOT_STARTED")),
            "rag": rag,
            "evidence_seen": np.where(finished, np.where(actions["seen"], "Yes", "No"), ""),
            "evidence_link": "",
            "closed_on": british(done),
            "progress": "",
        }
    ).astype(object)
    return frame[~np.isnat(agreed) & ~closed_before].reset_index(drop=True)


def _escalations(world: World) -> pd.DataFrame:
    rng = world.population.rng("office-escalations")
    n = ESCALATION_COUNT
    opened = np.sort(START + rng.integers(0, 1085, n).astype("timedelta64[D]"))
    one = rng.integers(0, len(AGENCIES), n)
    other = (one + rng.integers(1, len(AGENCIES), n)) % len(AGENCIES)
    stage = draw(rng, {"1": 50, "2": 33, "3": 14, "4": 3}, n)
    took = rng.integers(1, 12, n) * stage.astype(int)
    return pd.DataFrame(
        {
            "escalation_ref": _numbered("E", n),
            "council_area": draw(rng, {"860": 58, "861": 42}, n),
            "raised_by": np.array(AGENCIES, dtype=object)[one],
            "raised_with": np.array(AGENCIES, dtype=object)[other],
            "stage": stage,
            "opened": opened,
            "resolved": np.where(rng.random(n) < 0.94, add_working_days(opened, took), NEVER),
        }
    )


def _still_open(log: pd.DataFrame, first: np.datetime64, last: np.datetime64) -> pd.DataFrame:
    opened, resolved = _known(log["opened"], last), _known(log["resolved"], last)
    frame = pd.DataFrame(
        {
            **{c: log[c] for c in ("escalation_ref", "council_area", "raised_by", "raised_with", "stage")},
            "opened_on": british(opened),
            "resolved_on": british(resolved),
            "raised_by_name": "",
            "reason": "",
        }
    ).astype(object)
    over_before = ~np.isnat(resolved) & (resolved < first)
    return frame[~np.isnat(opened) & ~over_before].reset_index(drop=True)


def _audits(world: World) -> pd.DataFrame:
    """One audit a quarter of eight cases, each by four agencies; moderation changes a grade by one step at the most."""
    rng = world.population.rng("office-audits")
    cases, agencies = 8, ("STAFFS_CC", "STOKE_CC", "POLICE", "MPFT", "SCHOOLS")
    parts: list[pd.DataFrame] = []
    for number, quarter in enumerate(QUARTERS, start=1):
        first, _ = quarter_days(quarter)
        day = np.busday_offset(first + 40, 0, roll="forward")
        case = np.repeat(np.arange(1, cases + 1), 4)
        n = len(case)
        area = np.where(case % 2 == 0, "861", "860")
        council = np.where(area == "860", agencies[0], agencies[1])
        agency = np.where(
            np.tile(np.arange(4), cases) == 0,
            council,
            np.array(agencies, dtype=object)[np.tile(np.arange(4), cases) + 1],
        )
        own = rng.choice(4, n, p=[0.08, 0.52, 0.33, 0.07])
        moderated = np.clip(own + rng.choice([-1, 0, 1], n, p=[0.05, 0.72, 0.23]), 0, 3)
        themes = several(rng, THEMES, cases, 2)[case - 1]
        parts.append(
            pd.DataFrame(
                {
                    "audit_ref": f"MA{number:02d}",
                    "case_no": case.astype(str),
                    "audited_on": british(np.full(n, day)),
                    "council_area": area,
                    "agency_name": agency,
                    "themes": themes,
                    "own_grade": GRADES[own],
                    "moderated_grade": GRADES[moderated],
                    "moderated_on": british(np.full(n, np.busday_offset(day + 21, 0, roll="forward"))),
                    "auditor_name": "An Auditor",
                    "child_name": "",
                    "findings": "",
                    "_period": quarter,
                }
            )
        )
    return pd.concat(parts, ignore_index=True).astype(object)


def _returns(world: World) -> pd.DataFrame:
    """Each partner on each theme, in the middle and at the end of a quarter; more demand never makes it better."""
    rng = world.population.rng("office-returns")
    rows = [
        (quarter, agency, theme, quarter_days(quarter)[0] + days)
        for quarter in QUARTERS
        for days in (44, 86)
        for agency in AGENCIES
        for theme in SUBJECTS
    ]
    frame = pd.DataFrame(rows, columns=["_period", "agency_name", "theme", "_day"])
    n = len(frame)
    now = rng.choice(3, n, p=[0.62, 0.3, 0.08])
    worse = np.cumsum(rng.random((n, 3)) < 0.33, axis=1)
    demand = rng.integers(60, 400, n)
    sized = (frame["theme"] == "DEMAND").to_numpy()
    out = frame.assign(
        position_on=british(frame["_day"].to_numpy().astype("datetime64[D]")),
        rag=RAG[now],
        **{f"rag_{10 * (k + 1)}": RAG[np.clip(now + worse[:, k], 0, 2)] for k in range(3)},
        demand=np.where(sized, demand.astype(str), ""),
        capacity=np.where(sized, (demand * (1 + 0.04 * rng.integers(0, 8, n))).astype(int).astype(str), ""),
        narrative="",
        respondent_name="R. Respondent",
    )
    return out.astype(object)


def _section11(world: World, year: int) -> pd.DataFrame:
    """Most agencies answer each year; one does not."""
    rng = world.population.rng(f"office-section11-{year}")
    answered = [a for n, a in enumerate(EVERYBODY) if n != year % len(EVERYBODY)]
    agency = np.repeat(np.array(answered, dtype=object), len(STANDARDS))
    n = len(agency)
    day = np.datetime64(f"{year}-01-08") + np.repeat(
        rng.integers(0, 70, len(answered)), len(STANDARDS)
    ).astype("timedelta64[D]")
    rating = draw(rng, {"MET": 78, "PARTLY": 18, "NOT_MET": 2, "NA": 2}, n)
    return pd.DataFrame(
        {
            "agency_name": agency,
            "standard": np.tile(np.array(STANDARDS, dtype=object), len(answered)),
            "rating": rating,
            "evidence_given": np.where(rng.random(n) < 0.83, "Yes", "No"),
            "action_needed": np.where(np.isin(rating.astype(str), ["PARTLY", "NOT_MET"]), "Yes", "No"),
            "completed_on": british(day),
            "respondent_name": "",
            "comments": "",
        }
    ).astype(object)


def _budget(world: World, year: int) -> pd.DataFrame:
    rng = world.population.rng(f"office-budget-{year}")
    cash = pd.DataFrame(
        {"agency_name": list(FUNDERS), "contribution_kind": "CASH", "agreed": list(FUNDERS.values())}
    )
    kind = pd.DataFrame(
        {
            "agency_name": ["POLICE", "ICB", "SCHOOLS"],
            "contribution_kind": "IN_KIND",
            "agreed": [8000, 6500, 4000],
        }
    )
    frame = pd.concat([cash, kind], ignore_index=True)
    agreed = (frame["agreed"].to_numpy() * 1.02 ** (year - YEARS[0])).round(-1)
    paid = np.where(rng.random(len(frame)) < 0.85, agreed, (agreed * 0.75).round(-1))
    return pd.DataFrame(
        {
            "agency_name": frame["agency_name"],
            "contribution_kind": frame["contribution_kind"],
            "agreed_amount": agreed.astype(int).astype(str),
            "paid_amount": paid.astype(int).astype(str),
            "paid_to_date": f"31/03/{year}",
        }
    ).astype(object)


def _register(world: World, year: int) -> pd.DataFrame:
    """The agreements as the office's register has them: a few lines forgotten, a few read otherwise than the machine does."""
    rng = world.population.rng(f"office-register-{year}")
    head, *rows = agreement_fields(load_agreements(), world.contracts)
    listed = pd.DataFrame(rows, columns=list(head), dtype=object)
    listed = listed[listed["purpose"] != "testing"].reset_index(drop=True)
    n = len(listed)
    luck = rng.random(n)
    permission = np.where(
        (luck > 0.995) & (listed["permission"] == "OPTIONAL"), "PROHIBITED", listed["permission"]
    )

    def day(name: str) -> Array:
        return british(pd.to_datetime(listed[name]).to_numpy().astype("datetime64[D]"))

    frame = pd.DataFrame(
        {
            **{c: listed[c] for c in ("sender", "extract_key", "table_name", "field_name", "purpose")},
            "permission": permission,
            "lawful_basis": "art6-1-e",
            "starts_on": day("starts_on"),
            "ends_on": day("ends_on"),
            "retention_years": "7",
            "audience": "PARTNER_INTERNAL",
            "agreement_ref": listed["agreement_id"],
            "register_date": f"31/03/{year}",
        }
    ).astype(object)
    return frame[luck > 0.004].reset_index(drop=True)


def _voice(world: World) -> pd.DataFrame:
    """Three questions and what helped, of children who agreed; complaints and compliments as they come."""
    rng = world.population.rng("office-voice")
    per = world.population.count(70, 12)
    n = per * len(QUARTERS)
    quarter = np.repeat(np.array(QUARTERS, dtype=object), per)
    first = np.repeat(np.array([quarter_days(q)[0] for q in QUARTERS]), per)
    base = pd.DataFrame(
        {
            "response_ref": _numbered("V", n, 5),
            "collected_on": british(first + rng.integers(0, 88, n).astype("timedelta64[D]")),
            "council_area": draw(rng, {"860": 55, "861": 45}, n),
            "age_band": draw(rng, {"5_9": 18, "10_15": 52, "16_17": 30}, n),
            "_period": quarter,
        }
    )
    base["agency_name"] = np.where(base["council_area"] == "860", "STAFFS_CC", "STOKE_CC")
    parts = [
        base.assign(
            question=question,
            answer=draw(rng, {"YES": yes, "PARTLY": 25, "NO": 12, "UNSURE": 8}, n),
            themes="",
        )
        for question, yes in (("PLAN_UNDERSTOOD", 52), ("LISTENED_TO", 60), ("FEELS_SAFE", 74))
    ]
    parts.append(
        base.assign(question="WHAT_HELPED", answer="THEMES", themes=several(rng, THEMES, n, 2))[
            rng.random(n) < 0.6
        ]
    )
    complaint = draw(rng, {"UPHELD": 2, "PARTLY_UPHELD": 3, "NOT_UPHELD": 4, "OPEN": 1}, n)
    parts.append(base.assign(question="COMPLAINT", answer=complaint, themes="")[rng.random(n) < 0.05])
    frame = pd.concat(parts, ignore_index=True).assign(consent="Yes", child_name="", verbatim="")
    order = [
        "response_ref",
        "collected_on",
        "council_area",
        "agency_name",
        "question",
        "answer",
        "themes",
        "age_band",
        "consent",
    ]
    frame = frame[[*order, "child_name", "verbatim", "_period"]]
    return frame.sort_values(["response_ref", "question"], kind="stable", ignore_index=True).astype(object)


def plant(p: Planter) -> None:
    """Faults that a careful reader mends; answers without the child's agreement, which are rejected."""
    colours = {"RED": "R", "AMBER": "Amber", "GREEN": "G"}
    p.cells(
        ACTIONS,
        "actions",
        "rag",
        12,
        each(lambda s: colours[s]),
        "colour by its letter",
        "codelist_spelling",
        "mended",
    )
    p.cells(
        ACTIONS, "actions", "action_status", 8, put("Completed"), "code in words", "codelist_spelling", "mended",
        where=lambda f: f["action_status"] == "DONE",
    )  # fmt: skip
    p.cells(ACTIONS, "actions", "due_on", 6, each(serial), "Excel serial date", "mended", "mended")
    p.cells(
        ASSURANCE,
        "returns",
        "rag",
        20,
        each(lambda s: colours[s].lower()),
        "colour by its letter",
        "codelist_spelling",
        "mended",
    )
    p.cells(
        AUDITS,
        "audits",
        "themes",
        6,
        put("neglect; DA", "Voice of the child, Neglect"),
        "several codes in words",
        "codelist_spelling",
        "mended",
    )
    p.cells(
        AUDITS, "audits", "moderated_grade", 5, put("Requires improvement"), "code in words", "codelist_spelling", "mended",
        where=lambda f: f["moderated_grade"] == "RI",
    )  # fmt: skip
    p.cells(
        SECTION11, "standards", "rating", 6, put("Fully met"), "code in words", "codelist_spelling", "mended",
        where=lambda f: f["rating"] == "MET",
    )  # fmt: skip
    p.cells(
        BUDGET,
        "contributions",
        "agreed_amount",
        4,
        each(lambda s: f"{int(s):,}"),
        "number with thousands separators",
        "mended",
        "mended",
    )
    p.cells(
        ESCALATIONS,
        "escalations",
        "stage",
        5,
        each(lambda s: f"Stage {s}"),
        "code in words",
        "codelist_spelling",
        "mended",
    )
    p.cells(
        VOICE,
        "responses",
        "age_band",
        8,
        each({"5_9": "5-9", "10_15": "10-15", "16_17": "16+"}.__getitem__),
        "code in words",
        "codelist_spelling",
        "mended",
    )
    p.extras(
        VOICE,
        "responses",
        3,
        {"consent": "No", "answer": "YES"},
        "answer without the child's agreement",
        "PA12-CONSENT",
        fresh="response_ref",
    )
