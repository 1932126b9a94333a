"""Words: the plain-English sentences that stand beside every figure.

Lives here: what each indicator is called in a sentence, how numbers and dates are said, and the words for change and
comparison, which are only used when chance alone is an unlikely reason.
Add here: the phrase of a new indicator.
Must not live here: HTML, SQL, suppression. Sentences are made from figures that are already protected.

Rules of the house: never a percentage without its n and N; never better or worse, only higher and lower; "clear" only when
the 95% intervals of the two figures do not overlap (change) or the published figure lies outside our interval (comparison).
"""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass
from typing import Literal

from publish.disclosure import CONFIDENTIAL, NOT_APPLICABLE, NOT_AVAILABLE, UNRELIABLE

Kind = Literal["percent", "rate", "stock_rate", "stock_percent"]

#: Council codes as senders and the framework use them, in the words a reader uses.
AGENCIES: dict[str, str] = {
    "STAFFS_CC": "Staffordshire County Council",
    "STOKE_CC": "Stoke-on-Trent City Council",
    "POLICE": "Staffordshire Police",
    "ICB": "NHS Integrated Care Board",
    "MPFT": "Midlands Partnership NHS Trust",
    "UHNM": "University Hospitals of North Midlands",
    "SCHOOLS": "Schools and colleges",
    "FIRE": "Fire and rescue",
    "PROBATION": "Probation",
    "DISTRICTS": "District and borough councils",
    "VCSE": "Voluntary and community sector",
    "HMYOI": "HMYOI Werrington",
}
LEVELS: dict[str, str] = {
    "LEAD": "Statutory lead",
    "DELEGATE": "Delegate who can decide",
    "DEPUTY": "Deputy",
    "BELOW": "Below deputy",
    "NONE": "Seat empty",
}
MODES: dict[str, str] = {
    "IN_PERSON": "In person",
    "VIRTUAL": "Online",
    "HYBRID": "Hybrid",
    "ELEARNING": "E-learning",
}
GROUPS: dict[str, str] = {
    "BOARD_STAFFS": "Staffordshire partnership board",
    "BOARD_STOKE": "Stoke-on-Trent partnership board",
    "ASSURANCE": "Scrutiny and assurance group",
    "EXPLOITATION": "Exploitation group",
}
POLARITY: dict[str, str] = {
    "+": "Higher is usually better",
    "-": "Lower is usually better",
    "o": "Context only: neither high nor low is good in itself",
}


@dataclass(frozen=True)
class Phrase:
    """How one indicator is said. `of` completes "n of N ..."; `did` completes "... were/had ..."."""

    short: str  # names the figure at the start of a finding
    kind: Kind
    unit: str  # what N (a percentage) or n (a rate) counts
    did: str = ""  # what the n of the N did


PHRASES: dict[str, Phrase] = {
    "FD07": Phrase("Referrals to children's social care", "rate", "referrals"),
    "FD08": Phrase("Re-referrals within 12 months", "percent", "referrals", "followed an earlier referral of the same child within 12 months"),
    "FD09": Phrase("Referrals with no further action", "percent", "referrals", "were closed with no further action"),
    "AS01": Phrase("Assessments finished within 45 working days", "percent", "assessments", "were finished within 45 working days of the referral"),
    "CP01": Phrase("Section 47 enquiries", "rate", "section 47 enquiries"),
    "CP02": Phrase("Section 47 enquiries that reached a conference", "percent", "section 47 enquiries", "led to an initial child protection conference"),
    "CP03": Phrase("First conferences held within 15 working days", "percent", "initial conferences", "were held within 15 working days of the section 47 enquiry starting"),
    "CP05": Phrase("Children on a protection plan", "stock_rate", "children were on a child protection plan"),
    "CP07": Phrase("Second or later protection plans", "percent", "new plans", "were for a child who had been on a plan before"),
    "CP08": Phrase("Second protection plans within 24 months", "percent", "new plans", "began within 24 months of the child's last plan ending"),
    "CP09A": Phrase("Plans open for two years or more", "stock_percent", "open plans", "had been open for two years or more"),
    "CP09B": Phrase("Plans that had lasted two years when they ended", "percent", "plans that ended", "had lasted two years or more"),
    "EX04A": Phrase("Missing episodes reported to police", "rate", "missing episodes reported to police"),
    "EX04B": Phrase("Children reported missing", "rate", "children reported missing"),
    "EX05": Phrase("Children missing three times in 90 days", "percent", "children reported missing", "went missing for a third time or more within 90 days"),
    "EX07A": Phrase("Return interviews completed, of those offered", "percent", "return interviews offered", "were completed"),
    "EX07B": Phrase("Return interviews completed, of all returns", "percent", "missing episodes that ended", "had a completed return interview"),
    "EX08": Phrase("Return interviews within 72 hours", "percent", "completed return interviews", "took place within 72 hours of the child coming back"),
    "EX09": Phrase("Missing episodes that police and council both have", "percent", "police missing episodes", "are also on the council's record, starting within 24 hours"),
    "CC07": Phrase("First health assessments within 20 working days", "percent", "children coming into care who needed a first health assessment", "had it within 20 working days"),
    "ED01": Phrase("Schools that sent their safeguarding return", "percent", "schools", "sent a return by the final deadline"),
    "ED02": Phrase("Schools that sent it by the first deadline", "percent", "schools", "sent a return by the first deadline"),
    "ED03": Phrase("Schools that said a standard is not yet met", "percent", "schools that sent a return", "said that at least one standard is partly met or not met"),
    "WF01": Phrase("Share of training places", "percent", "training places filled", "were filled by this agency"),
    "WF09": Phrase("Meeting seats filled", "percent", "seats at meetings", "were filled"),
    "WF10": Phrase("Meeting seats filled by someone able to decide", "percent", "seats at meetings", "were filled by a statutory lead or a delegate with authority to decide"),
    "DQ01": Phrase("Returns that arrived on time", "percent", "returns due", "were received and accepted on time"),
    "DQ02": Phrase("Rows accepted", "percent", "rows received", "were accepted"),
    "DQ05": Phrase("Children whom another agency knows too", "percent", "children in returns", "are also in another agency's returns"),
    "DQ06": Phrase("Coded values that match the official list", "percent", "coded values", "match the official list for their year"),
}  # fmt: skip

#: What each symbol means inside a sentence.
WHY_HIDDEN: dict[str, str] = {
    CONFIDENTIAL: "the number is too small to show without risking that a child is recognised",
    NOT_APPLICABLE: "there was nothing to measure",
    NOT_AVAILABLE: "no figure is available",
    UNRELIABLE: "the data are not safe to use",
}
#: The same in a table cell.
SHORT_WHY: dict[str, str] = {
    CONFIDENTIAL: "too small to show",
    NOT_APPLICABLE: "nothing to measure",
    UNRELIABLE: "not safe to use",
}
TRUST: dict[str, str] = {"complete": "Complete", "partial": "Partial", "not_safe": "Not safe to use"}


@dataclass(frozen=True)
class Figure:
    """One protected figure of one area and period, ready to be said."""

    area: str
    period: str
    end: dt.date | None
    n: float
    n_symbol: str
    d: float
    d_symbol: str
    value: float
    symbol: str
    low: float
    high: float
    trust: str
    reason: str = ""
    population_year: int | None = None
    excluded: float = 0.0
    excluded_symbol: str = ""

    @property
    def is_shown(self) -> bool:
        return not math.isnan(self.value)


def number(value: float) -> str:
    """A count as it is read: 1,145."""
    return f"{value:,.0f}"


def count(value: float, symbol: str) -> str:
    """A count or its symbol, for a table cell."""
    return symbol or ("x" if math.isnan(value) else number(value))


def amount(value: float, kind: str) -> str:
    """A value with its unit: 14.2% or 293.9. Not quite all is never said as 100.0%."""
    if "percent" in kind:
        return "over 99.9%" if 99.95 <= value < 100 else f"{value:.1f}%"
    return f"{value:,.1f}"


def day(value: dt.date) -> str:
    """A date in words: 31 March 2026."""
    return f"{value.day} {value:%B %Y}"


def sent_period(period: str) -> str:
    """A sender's period in words: 2025-06 is June 2025, 2025-26-Q1 is quarter 1 of 2025-26."""
    if is_month(period):
        return f"{dt.date(int(period[:4]), int(period[5:]), 1):%B %Y}"
    if quarter := re.fullmatch(r"(\d{4}-\d\d)-Q(\d)", period):
        return f"quarter {quarter[2]} of {quarter[1]}"
    return period


def is_month(period: str) -> bool:
    """2025-06 is a month; 2011-12 could be either, and returns of that age are years."""
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", period):
        return False
    return (int(period[:4]) + 1) % 100 != int(period[5:])


def sent_periods(periods: list[str]) -> str:
    """Several periods in a sentence, oldest first: April and May 2026. Only the latest four are named."""
    ordered = sorted(periods)
    named = [sent_period(p) for p in ordered[-4:]]
    if all(is_month(p) for p in ordered) and len({p[:4] for p in ordered[-4:]}) == 1:
        named = [n if i == len(named) - 1 else n.split()[0] for i, n in enumerate(named)]
    return several(named) + (f", and {len(ordered) - 4} earlier" if len(ordered) > 4 else "")


def several(items: list[str]) -> str:
    """A list in a sentence: a, b and c."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def plural(amount_of: int, one: str, many: str | None = None) -> str:
    return f"{amount_of:,} {one if amount_of == 1 else many or one + 's'}"


def of_parts(figure: Figure, kind: str) -> str:
    """The n and N behind a value, always printed with it."""
    if "percent" in kind:
        return f"{count(figure.n, figure.n_symbol)} of {count(figure.d, figure.d_symbol)}"
    return f"{count(figure.n, figure.n_symbol)} among {count(figure.d, figure.d_symbol)} children"


def sentence(indicator: str, figure: Figure) -> str:
    """One sentence with the period, the area, the value, n and N."""
    phrase = PHRASES[indicator]
    stock = phrase.kind.startswith("stock")
    when = f"On {day(figure.end)}" if stock and figure.end else f"In {figure.period}"
    if not figure.is_shown:
        why = WHY_HIDDEN.get(figure.symbol, WHY_HIDDEN[NOT_AVAILABLE])
        return f"{when} there is no figure to show for {figure.area}: {why}."
    if "percent" in phrase.kind:
        return (
            f"{when}, {amount(figure.value, phrase.kind)} of {phrase.unit} in {figure.area} {phrase.did}"
            f" ({of_parts(figure, phrase.kind)})."
        )
    base = f"{amount(figure.value, phrase.kind)} for every 10,000 children"
    people = f"population {number(figure.d)}" + (
        f", mid-{figure.population_year}" if figure.population_year else ""
    )
    if phrase.kind == "stock_rate":
        return f"{when}, {number(figure.n)} {phrase.unit} in {figure.area}: {base} ({people})."
    return f"{when}, {figure.area} had {number(figure.n)} {phrase.unit}: {base} ({people})."


def change(now: Figure, before: Figure | None) -> Literal["higher", "lower", "none", "unknown"]:
    """Whether a figure has clearly moved: only when the two 95% intervals do not overlap."""
    if before is None or not now.is_shown or not before.is_shown or "not_safe" in (now.trust, before.trust):
        return "unknown"
    if math.isnan(now.low) or math.isnan(before.low):
        return "unknown"
    if now.low > before.high:
        return "higher"
    return "lower" if now.high < before.low else "none"


def before_note(before: Figure | None, kind: str) -> str:
    """The year before, in a table cell."""
    return f"{amount(before.value, kind)} in {before.period}" if before and before.is_shown else ""


def change_sentence(indicator: str, now: Figure, before: Figure | None) -> str:
    moved, kind = change(now, before), PHRASES[indicator].kind
    if before is None or moved == "unknown":
        return ""
    then = f"{amount(before.value, kind)} in {before.period} ({of_parts(before, kind)})"
    if moved == "none":
        return f"No clear change from {then}: a difference of this size can be chance."
    return f"Clearly {moved} than {then}: more than chance would explain."


def compare(figure: Figure, other: float) -> Literal["higher", "lower", "similar", "unknown"]:
    """Against a published value: higher or lower only when it lies outside our 95% interval."""
    if not figure.is_shown or math.isnan(other) or math.isnan(figure.low) or figure.trust == "not_safe":
        return "unknown"
    return "higher" if figure.low > other else "lower" if figure.high < other else "similar"


@dataclass(frozen=True)
class Benchmark:
    """A published comparator: what it is called, its year, its value or symbol."""

    key: str
    name: str
    year: str
    value: float
    symbol: str
    areas: int | None = None

    @property
    def shown(self) -> str:
        return self.symbol or "x" if math.isnan(self.value) else ""


def comparison_sentence(indicator: str, figure: Figure, benchmarks: list[Benchmark]) -> str:
    """One sentence that places a figure beside England and the neighbours, with their year."""
    kind = PHRASES[indicator].kind
    said: dict[str, list[str]] = {}
    for b in benchmarks:
        place = compare(figure, b.value)
        if place != "unknown" and b.key != "published_self":
            phrase = {"higher": "higher than", "lower": "lower than", "similar": "about the same as"}[place]
            said.setdefault(phrase, []).append(f"{b.name} ({amount(b.value, kind)} in {b.year})")
    clauses = [f"{phrase} {several(names)}" for phrase, names in said.items()]
    return f"That is {'; '.join(clauses)}." if clauses else ""


def finding(indicator: str, pairs: list[tuple[Figure, Figure | None]]) -> str:
    """The heading of a chart: what it shows, one clause a council."""
    short = PHRASES[indicator].short
    moved: dict[str, list[str]] = {}
    for now, before in pairs:
        if now.symbol == UNRELIABLE:
            word = "not safe to use"
        elif not now.is_shown:
            word = "no figure to show"
        else:
            word = {
                "higher": "clearly up",
                "lower": "clearly down",
                "none": "no clear change",
                "unknown": "",
            }[change(now, before)]
        if word:
            moved.setdefault(word, []).append(now.area)
    if not moved:
        shown = [
            f"{amount(now.value, PHRASES[indicator].kind)} in {now.area}" for now, _ in pairs if now.is_shown
        ]
        return f"{short}: {several(shown)}" if shown else short
    if len(moved) == 1:
        word, areas = next(iter(moved.items()))
        both = "either area" if word.startswith("no ") else "both areas"
        place = both if len(areas) == 2 else several(areas)
        return f"{short}: {word} in {place}"
    return f"{short}: " + "; ".join(f"{word} in {several(areas)}" for word, areas in moved.items())


#: Why a record is left out, as the framework says it, in a sentence.
LEFT_OUT: dict[str, str] = {
    "too recent to know": "it is too early to know what came of them",
    "left care before it was due": "the child left care before it was due",
    "history too short": "the records do not go back far enough",
    "absent category withdrawn": "the police no longer use the category",
    "council return not received": "the council's return for that time is not in",
}


def excluded_note(figure: Figure, reasons: list[str] | None = None) -> str:
    """What was left out of the figure and why, in words; nothing when nothing was."""
    if not figure.excluded_symbol and (not figure.excluded or math.isnan(figure.excluded)):
        return ""
    many = "1 to 7 records are" if figure.excluded_symbol else f"About {number(figure.excluded)} records are"
    why = " or ".join(LEFT_OUT.get(r, r) for r in reasons or [])
    return f"{many} left out because {why}." if why else f"{many} left out; the definition says when."


def badge(trust: str, reason: str) -> tuple[str, str, str]:
    """(key, label, reason) of a trust badge. An unknown verdict is said to be one: it is never complete by default."""
    key = trust if trust in TRUST else "partial"
    label = TRUST.get(trust, "Partial")
    said = (reason or "").strip().removeprefix(f"{label}: ")
    text = said[:1].upper() + said[1:] or (
        "All returns due are in." if key == "complete" else "No reason was recorded."
    )
    return key, label, text


def late(due: dt.date, received: dt.date) -> str:
    days = (received - due).days
    return plural(days, "day") + " late" if days > 0 else "on time"
