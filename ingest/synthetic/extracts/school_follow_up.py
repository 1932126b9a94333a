"""The education safeguarding teams' follow-up of the schools' return (SC04): conversations, and when leads were trained.

Lives here: conversations that follow from the returns that others.py drew, and the register of leads; as each term's workbook has them.
Add here: another reason for which the teams speak with a school.
Must not live here: who returned and who has a gap (others.py).

Shares are synthetic: no published figure says how many conversations are held in time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from ingest.synthetic import calibration as cal
from ingest.synthetic.agencies import british
from ingest.synthetic.days import NEVER, add_working_days, plus
from ingest.synthetic.defects import Planter, each, put, serial
from ingest.synthetic.population import Array, draw
from ingest.synthetic.world import World
from ingest.synthetic.writers import Delivery, Style

KEY: Final = "school/follow_up"
#: Terms whose workbooks are due before the data end: id, first day, last day, words.
TERMS: Final = tuple(
    (f"{y - 1}-{y % 100}-T{n}", np.datetime64(first), np.datetime64(last), f"{name} term {y - 1}/{y % 100}")
    for y in cal.SCHOOL_YEARS
    for n, name, first, last in (
        (1, "Autumn", f"{y - 1}-09-01", f"{y - 1}-12-31"),
        (2, "Spring", f"{y}-01-01", f"{y}-03-31"),
        (3, "Summer", f"{y}-04-01", f"{y}-08-31"),
    )
    if (y, n) != (cal.SCHOOL_YEARS[-1], 3)
)
CONTACTED: Final = {"NOT_RETURNED": 0.93, "LATE": 0.7, "GAP": 0.88}  # of those that need a conversation
IN_TIME: Final = 0.84  # of those held
OUTCOMES: Final = {
    "NOT_RETURNED": {"RETURN_RECEIVED": 6, "NO_REPLY": 2, "ESCALATED": 2, "SUPPORT": 1},
    "LATE": {"SUPPORT": 3, "RESOLVED": 6, "PLAN_AGREED": 1},
    "GAP": {"PLAN_AGREED": 7, "SUPPORT": 3, "RESOLVED": 3},
}
ROLES: Final = {"ADVISER": 7, "LEAD": 3, "GOVERNOR_SERVICES": 1, "OFFICE": 1}


def deliveries(world: World) -> Iterator[Delivery]:
    """One workbook a team and term: what was begun in the term or still open when it began, as known on its last day."""
    rng = world.population.rng("school-follow-up-sending")
    for area in (0, 1):
        log, leads = _conversations(world, area), _leads(world, area)
        for term, first, last, words in TERMS:
            year = int(term[:4]) + 1
            tables = {
                "conversations": _as_known(log, first, last),
                "dsl_register": _register(leads, world.frames["schools"][area][year]["register"], last, area),
            }
            style = Style(
                title=(f"Follow-up of the safeguarding return (synthetic), {words}",),
                notes=("Notes: names of leads are kept by the team",),
            )
            yield world.sent(KEY, cal.EDUCATION[area], term, f"follow_up_{term}.xlsx", tables, style, rng)


def _conversations(world: World, area: int) -> pd.DataFrame:
    """Every conversation that was needed, with the days on which it was raised, held and closed."""
    rng = world.population.rng(f"school-follow-up-{area}")
    parts = [_needed(world.frames["schools"][area][year], year) for year in cal.SCHOOL_YEARS]
    log = pd.concat(parts, ignore_index=True).sort_values(["raised", "urn", "reason"], ignore_index=True)
    n = len(log)
    raised = log["raised"].to_numpy().astype("datetime64[D]")
    held = rng.random(n) < log["reason"].map(CONTACTED).to_numpy()
    took = np.where(rng.random(n) < IN_TIME, rng.integers(2, 21, n), rng.integers(21, 45, n))
    contacted = np.where(held, add_working_days(raised, took), NEVER)
    closed = np.where(held & (rng.random(n) < 0.9), plus(contacted, rng.integers(0, 90, n)), NEVER)
    outcome = np.full(n, "", dtype=object)
    for reason, weights in OUTCOMES.items():
        mine = np.flatnonzero((log["reason"] == reason).to_numpy())
        outcome[mine] = draw(rng, weights, len(mine))
    return log.assign(
        conversation_ref=np.char.add(f"{cal.LA[area]}/", np.char.zfill(np.arange(1, n + 1).astype(str), 5)),
        la_code=cal.LA[area],
        raised=raised,
        due=add_working_days(raised, np.full(n, 20)),
        contacted=contacted,
        closed=closed,
        role=draw(rng, ROLES, n),
        outcome=outcome,
    )


def _needed(t: dict[str, pd.DataFrame], year: int) -> pd.DataFrame:
    """Schools of a year that owe a conversation: not returned, late, or a gap of their own finding. First versions count."""
    final = np.datetime64(f"{year}-05-01")
    register, returns = t["register"], t["returns"][t["returns"]["version"] == 1]
    open_now = register.loc[register["status"] == "OPEN", "school_urn"]
    silent = open_now[~open_now.isin(returns["_school"])]
    sent = returns["_submitted"].to_numpy().astype("datetime64[D]")
    late = (sent >= final) & (returns["_submitted"].to_numpy() >= final)
    gap = (returns["self_identified"] == "Yes").to_numpy()
    return pd.concat(
        [
            pd.DataFrame({"urn": silent, "reason": "NOT_RETURNED", "raised": final}),
            pd.DataFrame({"urn": returns["school_urn"][late], "reason": "LATE", "raised": sent[late]}),
            pd.DataFrame({"urn": returns["school_urn"][gap], "reason": "GAP", "raised": sent[gap]}),
        ],
        ignore_index=True,
    ).astype({"urn": str, "raised": "datetime64[s]"})


def _as_known(log: pd.DataFrame, first: np.datetime64, last: np.datetime64) -> pd.DataFrame:
    """The rows of a term's workbook: what came after its last day is not in it yet."""

    def known(name: str) -> Array:
        days = log[name].to_numpy().astype("datetime64[D]")
        return np.where(days <= last, days, NEVER)

    raised, contacted, closed = known("raised"), known("contacted"), known("closed")
    open_before = np.isnat(log["closed"].to_numpy()) | (
        log["closed"].to_numpy().astype("datetime64[D]") >= first
    )
    listed = ~np.isnat(raised) & ((raised >= first) | open_before)
    was_held, was_closed = ~np.isnat(contacted), ~np.isnat(closed)
    frame = pd.DataFrame(
        {
            "conversation_ref": log["conversation_ref"],
            "school_urn": log["urn"],
            "la_code": log["la_code"],
            "reason": log["reason"],
            "raised_on": british(raised),
            "due_on": british(log["due"].to_numpy().astype("datetime64[D]")),
            "contacted_on": british(contacted),
            "contact_role": np.where(was_held, log["role"], ""),
            "contact_name": np.where(was_held, "An Officer", ""),
            "dsl_name": "",
            "outcome": np.where(was_held, log["outcome"], ""),
            "closed_on": british(np.where(was_held & was_closed, closed, NEVER)),
            "notes": "",
        }
    ).astype(object)
    return frame[listed].reset_index(drop=True)


def _leads(world: World, area: int) -> pd.DataFrame:
    """By establishment number, which outlives a conversion: the first training, and how many days lie between two."""
    rng = world.population.rng(f"school-leads-{area}")
    numbers = world.frames["schools"][area][cal.SCHOOL_YEARS[0]]["register"]["laestab"].drop_duplicates()
    n = len(numbers)
    return pd.DataFrame(
        {
            "laestab": numbers.to_numpy(),
            "trained": np.datetime64("2021-06-01") + rng.integers(0, 730, n).astype("timedelta64[D]"),
            "every": rng.choice([690, 725, 800, 1000], n, p=[0.45, 0.4, 0.1, 0.05]),
            "unknown": rng.random(n) < 0.03,
        }
    )


def _register(leads: pd.DataFrame, schools: pd.DataFrame, last: np.datetime64, area: int) -> pd.DataFrame:
    """Open schools on the last Friday or so of a term, each with its lead's last training."""
    day = np.busday_offset(last - 12, 0, roll="backward")
    rows = schools[schools["status"] == "OPEN"].merge(leads, on="laestab", how="left", sort=False)
    trained = rows["trained"].to_numpy().astype("datetime64[D]")
    every = rows["every"].to_numpy().astype(int)
    times = np.maximum((day - trained).astype(int) // every, 0)
    recent = np.where(rows["unknown"].to_numpy(bool) | (trained > day), NEVER, plus(trained, times * every))
    return pd.DataFrame(
        {
            "school_urn": rows["school_urn"],
            "la_code": cal.LA[area],
            "dsl_name": "",
            "dsl_in_post": np.where(rows["unknown"].to_numpy(bool), "No", "Yes"),
            "dsl_last_trained_on": british(recent),
            "register_date": british(np.full(len(rows), day)),
        }
    ).astype(object)


def plant(p: Planter) -> None:
    """Faults that a careful reader mends."""
    words = {"GAP": "Self-identified", "NOT_RETURNED": "Not returned", "LATE": "Late return"}
    p.cells(
        KEY,
        "conversations",
        "reason",
        8,
        each(lambda s: words[s]),
        "code in words",
        "codelist_spelling",
        "mended",
    )
    p.cells(
        KEY, "conversations", "contact_role", 4, put("Education Safeguarding Adviser"), "code in words", "codelist_spelling",
        "mended", where=lambda f: f["contact_role"] == "ADVISER",
    )  # fmt: skip
    p.cells(
        KEY, "dsl_register", "dsl_last_trained_on", 6, each(serial), "Excel serial date", "mended", "mended"
    )
    p.cells(
        KEY, "conversations", "contact_role", 3, put("TBC", "-"), "stand-in for blank", "mended", "mended"
    )
