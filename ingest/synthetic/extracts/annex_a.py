"""The workbook of Ofsted's lists that each council draws once: a snapshot inside the census's years, of the census's own children.

Lives here: the eleven lists as known on the day of the snapshot, in the two column layouts that councils use.
Add here: a column that a layout gains.
Must not live here: what happened to a child (careers.py), or a list of codes (the contract's).

Referrals, assessments, enquiries and plans are the true events that the census tells of too, cut at the snapshot. Contacts,
early help, care leavers, adoption and adopters are synthetic: plausible counts, no published figure stands behind them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd

from ingest.synthetic import calibration as cal
from ingest.synthetic.agencies import british, chance, council_id, recorded_birth
from ingest.synthetic.days import NEVER, plus
from ingest.synthetic.defects import Planter, each, put, serial
from ingest.synthetic.population import Array, draw
from ingest.synthetic.world import World
from ingest.synthetic.writers import Delivery, Style

KEY: Final = "council/annex_a"
SNAPSHOT: Final = np.datetime64("2025-12-31")
#: The lists of what happened go back six months in this partnership.
SINCE: Final = np.datetime64("2025-07-01")
PERIOD: Final = "2025-12"
#: Stoke-on-Trent's system still writes the older layout: other names, and no column that the current one added.
LAYOUT: Final = (
    Style(),
    Style(headers={"age": "Age"}, drop=("was_uasc", "adviser", "pathway_review_date", "latest_contact_date")),
)
#: How the layout writes a category of abuse, a need, a source; each is a code of the contract's lists.
NEED: Final = {
    "N1": "N1 - Abuse or neglect", "N2": "N2 - Child’s disability", "N3": "N3 - Parental disability or illness",
    "N4": "N4 - Family in acute stress", "N5": "N5 - Family dysfunction", "N6": "N6 - Socially unacceptable behaviour",
    "N7": "N7 - Low income", "N8": "N8 - Absent parenting", "N9": "N9 - Cases other than children in need",
}  # fmt: skip
CATEGORY: Final = {"NEG": "a) Neglect", "PHY": "b) Physical abuse", "SAB": "c) Sexual abuse", "EMO": "d) Emotional abuse"}  # fmt: skip
ETHNICITY: Final = dict(
    zip(
        [
            "WBRI",
            "WIRI",
            "WIRT",
            "WOTH",
            "WROM",
            "MWBC",
            "MWBA",
            "MWAS",
            "MOTH",
            "AIND",
            "APKN",
            "ABAN",
            "AOTH",
            "BCRB",
            "BAFR",
            "BOTH",
            "CHNE",
            "OOTH",
            "REFU",
            "NOBT",
        ],
        "abcdefghijklmnopqrss",
        strict=True,
    )
)
YES, NO = "a) Yes", "b) No"
ORGANISATIONS: Final = {"Early Help Locality 1": 4, "Early Help Locality 2": 4, "A primary school": 3, "A secondary school": 2}  # fmt: skip


def deliveries(world: World) -> Iterator[Delivery]:
    """One workbook a council."""
    rng = world.population.rng("annex-a-sending")
    for area in (0, 1):
        draws = _Lists(world, area)
        yield world.sent(
            KEY, cal.COUNCILS[area], PERIOD, f"{cal.COUNCILS[area]}_annex_a_{PERIOD}.xlsx", draws.tables(), LAYOUT[area], rng
        )  # fmt: skip


class _Lists:
    """The lists of one council."""

    def __init__(self, world: World, area: int) -> None:
        self.world, self.area = world, area
        self.pop, self.careers = world.population, world.careers[area]
        self.rng = self.pop.rng(f"annex-a-{area}")
        e = self.careers.episodes
        self.child, self.second = e["child"].to_numpy(), e["second_id"].to_numpy()
        self.ref, self.close = _d(e["ref"]), _d(e["close"])

    def tables(self) -> dict[str, pd.DataFrame]:
        looked_after = self.looked_after()
        return {
            "contacts": self.contacts(),
            "early_help": self.early_help(),
            "referrals": self.referrals(),
            "assessments": self.assessments(),
            "section47": self.section47(),
            "children_in_need": self.children_in_need(),
            "child_protection": self.child_protection(),
            "looked_after": looked_after,
            "care_leavers": self.care_leavers(),
            "adoption": self.adoption(looked_after),
            "adopters": self.adopters(),
        }

    def about(self, child: Array, ids: Array, **columns: Any) -> pd.DataFrame:
        """Rows about children: who, then the list's own columns, then the staff that no agreement lets us keep."""
        birth = recorded_birth(self.pop, child, 2026)
        unborn = birth > SNAPSHOT
        sex = self.pop.children["sex"].to_numpy()[child]
        code = self.pop.children["ethnicity"].to_numpy()[child]
        letter = np.array([f"{ETHNICITY[c]}) {c}" for c in code], dtype=object)
        frame = {
            "la_child_id": ids,
            "sex": np.where(unborn, "c) Not stated/recorded", np.where(sex == "M", "a) Male", "b) Female")),
            "ethnicity": letter,
            "birth_date": np.where(unborn, "", british(birth)),
            "age": np.where(unborn, "", np.round((SNAPSHOT - birth).astype(int) / 365.25, 2).astype(str)),
            **columns,
            "_child": child,
        }
        return pd.DataFrame(frame).astype(object)

    def of_episodes(self, episode: Array, **columns: Any) -> pd.DataFrame:
        child = self.child[episode]
        ids = council_id(self.area, child, self.second[episode])
        return self.about(child, ids, **columns)

    def disabled(self, child: Array) -> Array:
        return np.where(self.pop.children["disabled"].to_numpy()[child], YES, NO)

    def contacts(self) -> pd.DataFrame:
        e = self.careers.episodes
        led = np.flatnonzero((self.ref >= SINCE) & (self.ref <= SNAPSHOT))
        more = self.rng.choice(len(e), max(len(led) // 2, 2), replace=False)
        span = int((SNAPSHOT - SINCE).astype(int))
        day = np.r_[self.ref[led], SINCE + self.rng.integers(0, span, len(more)).astype("timedelta64[D]")]
        episode = np.r_[led, more]
        source = e["source"].to_numpy()[episode]
        return self.of_episodes(episode, contact_date=british(day), contact_source=source)

    def early_help(self) -> pd.DataFrame:
        shut = np.flatnonzero((self.close >= SINCE) & (self.close <= SNAPSHOT - 7))
        stepped = shut[self.rng.random(len(shut)) < 0.4]
        begin = plus(self.close[stepped], self.rng.integers(1, 8, len(stepped)))
        done = _known(plus(begin, self.rng.integers(15, 60, len(stepped))))
        return self.of_episodes(
            stepped,
            assessment_start_date=british(begin),
            assessment_completion_date=british(done),
            completing_organisation=draw(self.rng, ORGANISATIONS, len(stepped)),
        ).drop_duplicates(["la_child_id", "assessment_start_date"], ignore_index=True)

    def referrals(self) -> pd.DataFrame:
        e = self.careers.episodes
        pick = np.flatnonzero((self.ref >= SINCE) & (self.ref <= SNAPSHOT))
        return self.of_episodes(
            pick,
            referral_date=british(self.ref[pick]),
            referral_source=e["source"].to_numpy()[pick],
            referral_nfa=np.where(e["nfa"].to_numpy()[pick], YES, NO),
            referrals_12_months="1",
            team="Assessment team",
            worker="A Worker",
        )

    def assessments(self) -> pd.DataFrame:
        a = self.careers.assessments
        begin, auth = _d(a["start"]), _d(a["auth"])
        pick = np.flatnonzero((begin <= SNAPSHOT) & (np.isnat(auth) | (auth >= SINCE)))
        episode = a["episode"].to_numpy()[pick]
        done = _known(auth[pick])
        return self.of_episodes(
            episode,
            has_disability=self.disabled(self.child[episode]),
            assessment_start_date=british(begin[pick]),
            child_seen=np.where(chance(self.child[episode], 401) < 0.97, YES, NO),
            assessment_authorisation_date=british(done),
            needs_support=np.where(
                np.isnat(done), "", np.where(chance(self.child[episode], 402) < 0.6, YES, NO)
            ),
            team="Assessment team",
            worker="A Worker",
        )

    def section47(self) -> pd.DataFrame:
        s = self.careers.enquiries
        begin, icpc = _d(s["start"]), _d(s["icpc"])
        pick = np.flatnonzero((begin >= SINCE) & (begin <= SNAPSHOT))
        episode, held = s["episode"].to_numpy()[pick], _known(icpc[pick])
        planned = np.isin(episode, self.careers.plans["episode"].to_numpy())
        return self.of_episodes(
            episode,
            has_disability=self.disabled(self.child[episode]),
            s47_start_date=british(begin[pick]),
            icpc_not_required=np.where(np.isnat(icpc[pick]), YES, NO),
            icpc_date=british(held),
            icpc_led_to_plan=np.where(np.isnat(held), "", np.where(planned, YES, NO)),
            s47_12_months="1",
            icpc_12_months=np.where(np.isnat(held), "0", "1"),
            team="Safeguarding team",
            worker="A Worker",
        )

    def children_in_need(self) -> pd.DataFrame:
        e = self.careers.episodes
        live = (self.ref <= SNAPSHOT) & (np.isnat(self.close) | (self.close >= SINCE))
        pick = np.flatnonzero(live & ~e["nfa"].to_numpy())
        shut = _known(self.close[pick])
        plans = self.careers.plans
        on_plan = (_d(plans["start"]) <= SNAPSHOT) & ~(_d(plans["end"]) <= SNAPSHOT)
        protected = np.isin(pick, plans["episode"].to_numpy()[on_plan])
        fresh = (SNAPSHOT - self.ref[pick]).astype(int) < 45
        status = np.where(
            ~np.isnat(shut), "e) Closed episode",
            np.where(protected, "b) Child Protection plan", np.where(fresh, "d) Open assessment", "c) Child in need plan")),
        )  # fmt: skip
        last = np.where(np.isnat(shut), SNAPSHOT, shut)
        seen = np.maximum(last - self.rng.integers(0, 40, len(pick)).astype("timedelta64[D]"), self.ref[pick])
        return self.of_episodes(
            pick,
            has_disability=self.disabled(self.child[pick]),
            cin_start_date=british(self.ref[pick]),
            primary_need=np.array([NEED.get(n, n) for n in e["need"].to_numpy()[pick]], dtype=object),
            last_seen_date=british(seen),
            closure_date=british(shut),
            closure_reason=np.where(np.isnat(shut), "", e["reason"].to_numpy()[pick]),
            case_status=status,
            team="Family support team",
            worker="A Worker",
        )

    def child_protection(self) -> pd.DataFrame:
        p = self.careers.plans
        begin, end = _d(p["start"]), _d(p["end"])
        pick = np.flatnonzero((begin <= SNAPSHOT) & (np.isnat(end) | (end >= SINCE)))
        episode, over = p["episode"].to_numpy()[pick], _known(end[pick])
        r = self.careers.reviews
        held = r[(_d(r["date"]) <= SNAPSHOT) & np.isin(r["plan"].to_numpy(), pick)]
        latest = held.groupby("plan")["date"].max().reindex(pick).to_numpy().astype("datetime64[D]")
        last = np.where(np.isnat(over), SNAPSHOT, over)
        visit = np.maximum(last - self.rng.integers(0, 14, len(pick)).astype("timedelta64[D]"), begin[pick])

        def words(name: str) -> Array:
            return np.array([CATEGORY.get(c, c) for c in p[name].to_numpy()[pick]], dtype=object)

        # Of a few plans the list, drawn from the live system, has another first category than the census: for the worklist.
        other = chance(self.child[episode], 407) < 0.02
        other[:1] = True
        first = words("initial")
        first[other] = np.where(first[other] == CATEGORY["NEG"], CATEGORY["EMO"], CATEGORY["NEG"])

        return self.of_episodes(
            episode,
            has_disability=self.disabled(self.child[episode]),
            cpp_start_date=british(begin[pick]),
            initial_category=first,
            latest_category=words("latest"),
            last_visit_date=british(visit),
            seen_alone=np.where(chance(self.child[episode], 403) < 0.8, YES, NO),
            latest_review_date=british(latest),
            cpp_end_date=british(over),
            emergency_protection=np.where(chance(self.child[episode], 404) < 0.04, YES, NO),
            previous_plans=p["previous"].to_numpy()[pick].astype(str),
            team="Safeguarding team",
            worker="A Worker",
        )

    def looked_after(self) -> pd.DataFrame:
        """The children that health assesses as they enter care, while they stay."""
        h = self.world.frames["health"]
        h = h[(h["responsible_la"] == cal.LA[self.area]) & (_d(h["_entered"]) <= SNAPSHOT)]
        h = h[self.pop.children["area"].to_numpy()[h["_child"].to_numpy()] == self.area]
        h = h.sort_values("_entered", kind="stable").drop_duplicates("_child", keep="last")
        child, begin = h["_child"].to_numpy(), _d(h["_entered"])
        left = _known(_d(h["_left"]))
        stay = np.isnat(left) | (left >= SINCE)
        child, begin, left = child[stay], begin[stay], left[stay]
        n = len(child)
        moved = plus(begin, self.rng.integers(0, 60, n))
        moved = np.minimum(moved, np.where(np.isnat(left), SNAPSHOT, left))
        return self.about(
            child,
            council_id(self.area, child),
            uasc=np.where(chance(child, 405) < 0.05, YES, NO),
            has_disability=self.disabled(child),
            started_on=british(begin),
            category_of_need=np.where(chance(child, 406) < 0.7, NEED["N1"], NEED["N5"]),
            second_period=NO,
            legal_status_from=british(begin),
            legal_status=draw(self.rng, {"C2: FCO": 55, "C1: ICO": 25, "V2: Single period under S20": 20}, n),
            latest_review_date=british(np.maximum(begin, SNAPSHOT - self.rng.integers(1, 180, n).astype("timedelta64[D]"))),
            last_visit_date=british(np.maximum(begin, SNAPSHOT - self.rng.integers(1, 42, n).astype("timedelta64[D]"))),
            permanence_plan=draw(self.rng, {"f) Long-term fostering": 5, "a) Return to family": 3, "b) Adoption": 1}, n),
            last_iro_date="",
            last_health_date=british(_known(_d(h["_done"])[stay])),
            last_dental_date="",
            placements_12_months=draw(self.rng, {"1": 8, "2": 2, "3": 1}, n),
            ceased_on=british(left),
            reason_ceased=np.where(np.isnat(left), "", "e) E4A: Returned home to live with parents or relatives - part of planning"),
            placement_from=british(moved),
            placement_type=draw(self.rng, {"f) U6: Foster placement - not FFA": 6, "d) U4: Foster placement - long term": 3, "p) K2: Children’s Homes": 2}, n),
            placement_provider=draw(self.rng, {"b) PR1: Own provision": 6, "e) PR4: Private provision": 4}, n),
            placement_postcode="",
            placement_urn="",
            placement_location=draw(self.rng, {"a) In": 7, "b) Out": 3}, n),
            placement_la=cal.LA[self.area],
            missing_12_months="0",
            absent_12_months="0",
            rhi_offered="",
            rhi_accepted="",
            team="Children in care team",
            worker="A Worker",
        )  # fmt: skip

    def care_leavers(self) -> pd.DataFrame:
        """Young people near eighteen; the population holds nobody much older."""
        birth = self.pop.birth(np.arange(len(self.pop.children)))
        old = np.flatnonzero((self.pop.children["area"].to_numpy() == self.area) & (birth <= SNAPSHOT - 6400))
        n = min(self.pop.count((330, 230)[self.area], 3), len(old))
        child = np.sort(self.rng.choice(old, n, replace=False))
        return self.about(
            child,
            council_id(self.area, child),
            was_uasc=np.where(chance(child, 405) < 0.05, YES, NO),
            has_disability=self.disabled(child),
            team="Leaving care team",
            worker="A Worker",
            adviser="An Adviser",
            eligibility=draw(self.rng, {"b) Former relevant child": 7, "a) Relevant child": 1, "d) Eligible child": 2}, n),
            pathway_review_date=british(SNAPSHOT - self.rng.integers(1, 180, n).astype("timedelta64[D]")),
            in_touch=draw(self.rng, {"a) Yes": 92, "b) No": 8}, n),
            latest_contact_date=british(SNAPSHOT - self.rng.integers(1, 60, n).astype("timedelta64[D]")),
            accommodation=draw(self.rng, {"U: Independent living": 4, "Z: With former foster carers": 3, "E: Supported lodgings": 2}, n),
            accommodation_suitable=draw(self.rng, {"a) Suitable": 9, "b) Unsuitable": 1}, n),
            activity=draw(self.rng, {"F2: Full time in education other than higher": 5, "G5: Not in education, employment or training - other": 3}, n),
        )  # fmt: skip

    def adoption(self, looked_after: pd.DataFrame) -> pd.DataFrame:
        n = min(self.pop.count((60, 45)[self.area], 2), len(looked_after))
        rows = looked_after.iloc[:n]
        child = rows["_child"].to_numpy().astype(np.int64)
        entered = pd.to_datetime(rows["started_on"], format="%d/%m/%Y").to_numpy().astype("datetime64[D]")
        decided = np.minimum(plus(entered, self.rng.integers(60, 200, n)), SNAPSHOT)
        order = _known(plus(decided, self.rng.integers(20, 90, n)))
        matched = _known(plus(order, self.rng.integers(60, 200, n)))
        placed = _known(plus(matched, self.rng.integers(10, 40, n)))
        return self.about(
            child,
            rows["la_child_id"].to_numpy(object),
            family_id="",
            has_disability=self.disabled(child),
            entered_care_date=british(entered),
            decision_date=british(decided),
            placement_order_date=british(order),
            matched_date=british(matched),
            placed_date=british(placed),
            adoption_order_date="",
            reversed_date="",
            reversal_reason="",
            ffa_date="",
        )

    def adopters(self) -> pd.DataFrame:
        n = self.pop.count((50, 35)[self.area], 2)
        asked = SNAPSHOT - self.rng.integers(30, 700, n).astype("timedelta64[D]")
        first = _known(plus(asked, self.rng.integers(5, 40, n)))
        second = _known(plus(first, self.rng.integers(50, 90, n)))
        approved = _known(plus(second, self.rng.integers(90, 150, n)))
        frame = {
            "adopter_id": "", "family_id": "", "adopter_sex": "", "adopter_ethnicity": "", "adopter_disability": "",
            "fostering_for_adoption": draw(self.rng, {YES: 2, NO: 8}, n),
            "enquiry_date": british(asked), "stage1_started": british(first), "stage1_ended": british(second),
            "stage2_started": british(second), "stage2_ended": british(approved), "application_date": british(second),
            "approved_date": british(approved), "matched_date": "", "placed_date": "", "children_placed": "",
            "adoption_order_date": "", "left_date": "", "leaving_reason": "",
        }  # fmt: skip
        return pd.DataFrame(frame).astype(object)


def _d(column: pd.Series) -> Array:
    return column.to_numpy().astype("datetime64[D]")


def _known(day: Array) -> Array:
    """Dates as known on the day of the snapshot."""
    return np.where(day <= SNAPSHOT, day, NEVER)


def plant(p: Planter) -> None:
    """Faults that a careful reader mends."""
    p.cells(KEY, "referrals", "referral_date", 6, each(serial), "Excel serial date", "mended", "mended")
    p.cells(KEY, "contacts", "ethnicity", 8, put("White British", "English", "Pakistani"), "code in words", "codelist_spelling", "mended")  # fmt: skip
    p.cells(KEY, "child_protection", "latest_category", 4, put("EMO/NEG"), "unknown code", "codelist", "warned")  # fmt: skip
    p.cells(KEY, "children_in_need", "primary_need", 4, put("Domestic Violence"), "code in words", "codelist_spelling", "mended")  # fmt: skip
    p.cells(KEY, "early_help", "completing_organisation", 3, put("TBC", "-"), "stand-in for blank", "mended", "mended")  # fmt: skip
