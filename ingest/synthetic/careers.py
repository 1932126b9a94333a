"""What happens to children in each council's social care: the true events that the census reports year by year.

Lives here: referrals, assessments, section 47 enquiries, conferences, plans, reviews, drawn year by year to the figures
of calibration.py.
Add here: another event inside an episode of need.
Must not live here: what a census file shows of it (agencies.py), faults (defects.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from ingest.synthetic import calibration as cal
from ingest.synthetic.days import BUSDAYS, NEVER, add_working_days, after_months, days, fy_end, fy_start, plus
from ingest.synthetic.population import Array, Population, draw

#: Days before birth at which a child can first be referred, and the age at which a child leaves.
UNBORN_FROM, LEAVES_AT = 200, 6570


@dataclass
class Careers:
    """One council's true events. Dates are datetime64[D]; an end that has not come is NaT."""

    area: int
    episodes: pd.DataFrame  # child, ref, close, nfa, source, need, reason, second_id
    assessments: pd.DataFrame  # episode, start, auth
    factors: pd.DataFrame  # assessment, factor
    cin_plans: pd.DataFrame  # episode, start, end
    enquiries: pd.DataFrame  # episode, start, icpc
    plans: pd.DataFrame  # episode, start, end, initial, latest, previous
    reviews: pd.DataFrame  # plan, date
    pre_proceedings: pd.DataFrame  # episode, start, end


@dataclass
class _Books:
    """The growing record of one council, as columns. Appended once a year, so lists of arrays are joined seldom."""

    child: Array = field(default_factory=lambda: np.empty(0, np.int64))
    ref: Array = field(default_factory=lambda: days(0))
    auth: Array = field(default_factory=lambda: days(0))
    close: Array = field(default_factory=lambda: days(0))
    nfa: Array = field(default_factory=lambda: np.empty(0, bool))
    not_in_need: Array = field(default_factory=lambda: np.empty(0, bool))
    last: Array = field(
        default_factory=lambda: np.empty(0, np.int64)
    )  # the latest episode of each child, or -1
    s_episode: list[Array] = field(default_factory=list)
    s_start: list[Array] = field(default_factory=list)
    s_icpc: list[Array] = field(default_factory=list)
    p_episode: Array = field(default_factory=lambda: np.empty(0, np.int64))
    p_child: Array = field(default_factory=lambda: np.empty(0, np.int64))
    p_start: Array = field(default_factory=lambda: days(0))
    p_due: Array = field(default_factory=lambda: days(0))
    p_end: Array = field(default_factory=lambda: days(0))
    p_long: Array = field(default_factory=lambda: np.empty(0, bool))
    p_previous: Array = field(default_factory=lambda: np.empty(0, np.int64))


def make(pop: Population, area: int) -> Careers:
    """Draw one council's events from the start of the warm-up to 31 March 2026."""
    rng = pop.rng(f"careers-{area}")
    books = _Books(last=np.full(len(pop.children), -1, np.int64))
    for year in range(cal.FIRST_YEAR, cal.LAST_YEAR + 1):
        _referrals(pop, area, year, rng, books)
        _enquiries_and_plans(pop, area, year, rng, books)
        _end_plans(pop, area, year, rng, books)
    return _finish(pop, area, rng, books)


def _referrals(pop: Population, area: int, year: int, rng: np.random.Generator, books: _Books) -> None:
    total = pop.count(cal.of_year(cal.REFERRALS, year, area), 20)
    again = round(total * cal.of_year(cal.REREFERRALS, year, area) / 100)
    if year == cal.FIRST_YEAR:
        again = 0
    done = 0
    _open(pop, area, year, rng, books, *_fresh(pop, area, year, rng, books, total - again))
    for wave in range(6):  # a re-referral may itself be followed by another, so they come in waves
        want = again - done if wave else round(again * 0.75)
        child, ref = _repeat(pop, year, rng, books, want)
        _open(pop, area, year, rng, books, child, ref)
        done += len(child)
        if done >= again:
            break


def _fresh(
    pop: Population, area: int, year: int, rng: np.random.Generator, books: _Books, count: int
) -> tuple[Array, Array]:
    """Children with no referral in this year or the last one and no open episode, and the days of their referrals."""
    start, end = fy_start(year), fy_end(year)
    area_of = pop.children["area"].to_numpy()
    born = pop.children["birth"].to_numpy().astype("datetime64[D]")
    age = (start + np.timedelta64(182, "D") - born).astype(int) / 365.25
    bands = np.array([-0.9, 0.0, 1.0, 5.0, 10.0, 16.0, 17.6])
    band = np.digitize(age, bands) - 1
    ok = (area_of == area) & (band >= 0) & (band < 6)
    last = books.last
    known = last >= 0
    if known.any():
        episode = last[known]
        busy = (
            np.isnat(books.close[episode])
            | (books.close[episode] >= start)
            | (books.ref[episode] >= fy_start(year - 1))
        )
        ok[np.flatnonzero(known)[busy]] = False
    share = np.array(cal.AGE_SHARES) / np.maximum(np.bincount(band[ok], minlength=6)[:6], 1)
    weight = np.zeros(len(born))
    weight[ok] = share[band[ok]] * (0.05 + pop.children["vulnerable"].to_numpy()[ok])
    # The smallest of exponential waiting times, one for each child, is a weighted draw without replacement.
    wait = np.where(ok, rng.exponential(size=len(born)) / np.maximum(weight, 1e-12), np.inf)
    child = np.argpartition(wait, count)[:count]
    child.sort()
    ref = start + rng.integers(0, int((end - start).astype(int)) + 1, count).astype("timedelta64[D]")
    ref = np.busday_offset(ref, 0, roll="forward", busdaycal=BUSDAYS) if count else ref
    family = pop.children["family"].to_numpy()[child]
    same = np.r_[False, family[1:] == family[:-1]] & (rng.random(count) < 0.75)
    leader = np.maximum.accumulate(np.where(same, 0, np.arange(count)))
    ref = ref[leader]  # brothers and sisters are usually referred on the same day
    too_early = (born[child] - ref).astype(int) > UNBORN_FROM
    ref = np.where(too_early, born[child] - np.timedelta64(120, "D"), ref)
    too_old = (ref - born[child]).astype(int) > LEAVES_AT - 60
    ref = np.where(too_old, born[child] + np.timedelta64(LEAVES_AT - 90, "D"), ref)
    return child, np.clip(ref, start, end)


def _repeat(
    pop: Population, year: int, rng: np.random.Generator, books: _Books, count: int
) -> tuple[Array, Array]:
    """Children whose last episode is closed, referred again within twelve months of the last referral."""
    start, end = fy_start(year), fy_end(year)
    episode = books.last[books.last >= 0]
    episode = episode[~np.isnat(books.close[episode])]
    low = np.maximum(books.close[episode] + 2, start)
    leaves = pop.birth(books.child[episode]) + (LEAVES_AT - 60)
    high = np.minimum(np.minimum(books.ref[episode] + 360, end), leaves)
    fits = np.flatnonzero(high > low)
    pick = np.sort(rng.choice(fits, min(count, len(fits)), replace=False)) if count > 0 else fits[:0]
    room = (high[pick] - low[pick]).astype(int)
    ref = low[pick] + (rng.random(len(pick)) * (room + 1)).astype(int).astype("timedelta64[D]")
    return books.child[episode[pick]], ref


def _open(
    pop: Population, area: int, year: int, rng: np.random.Generator, books: _Books, child: Array, ref: Array
) -> None:
    """Open one episode each: no further action, or an assessment and what follows from it."""
    n = len(child)
    nfa = np.zeros(n, bool)
    nfa[rng.permutation(n)[: round(n * cal.of_year(cal.NFA, year, area) / 100)]] = True
    none = ~nfa & (
        rng.random(n)
        < cal.of_year(cal.NOT_IN_NEED, year, area) / 100 / (1 - cal.of_year(cal.NFA, year, area) / 100)
    )
    bins = np.array(cal.ASSESSMENT_DAYS)
    share = bins[:, 2 + area] / bins[:, 2 + area].sum()
    early = bins[:, 1] <= 45
    # Later assessments of long cases (see _finish) are always beyond 45 days of the referral; this makes room for them.
    target = min(cal.of_year(cal.ON_TIME_ASSESSMENT, year, area) / 100 * 1.02, 0.99)
    share = np.where(early, share / share[early].sum() * target, share / share[~early].sum() * (1 - target))
    row = rng.choice(len(bins), n, p=share / share.sum())
    taken = bins[row, 0] + (rng.random(n) * (bins[row, 1] - bins[row, 0] + 1)).astype(int)
    auth = np.where(nfa, NEVER, add_working_days(ref, taken))
    soon = plus(auth, rng.integers(0, 6, n))
    brief = rng.random(n) < 0.42
    lasts = np.where(brief, rng.gamma(2.0, 45.0, n), rng.gamma(1.6, 420.0, n)).astype(int) + 20
    close = np.where(nfa, plus(ref, rng.integers(0, 5, n)), np.where(none, soon, plus(auth, lasts)))
    leaves = pop.birth(child) + LEAVES_AT
    close = np.where((close > leaves) & (leaves > np.where(nfa, ref, auth)), leaves, close)
    first = len(books.child)
    books.child = np.r_[books.child, child]
    books.ref, books.auth, books.close = (
        np.r_[books.ref, ref],
        np.r_[books.auth, auth],
        np.r_[books.close, close],
    )
    books.nfa, books.not_in_need = np.r_[books.nfa, nfa], np.r_[books.not_in_need, none]
    books.last[child] = np.arange(first, first + n)


def _enquiries_and_plans(
    pop: Population, area: int, year: int, rng: np.random.Generator, books: _Books
) -> None:
    start, end = fy_start(year), fy_end(year)
    total = pop.count(cal.of_year(cal.SECTION_47, year, area), 8)
    served = ~books.nfa & ~books.not_in_need
    far = np.where(np.isnat(books.close), end, books.close)
    fresh = np.flatnonzero(served & (books.ref >= start) & (books.ref <= end) & (far > books.ref + 12))
    older = np.flatnonzero(served & (np.maximum(books.ref + 45, start) < np.minimum(far - 12, end)))
    n_fresh = min(round(total * 0.6), len(fresh))
    one = rng.choice(fresh, n_fresh, replace=False)
    two = rng.choice(older, min(total - n_fresh, len(older)), replace=len(older) < total - n_fresh)
    when_one = books.ref[one] + rng.integers(0, 12, len(one)).astype("timedelta64[D]")
    low, high = np.maximum(books.ref[two] + 45, start), np.minimum(far[two] - 12, end)
    when_two = low + (rng.random(len(two)) * ((high - low).astype(int) + 1)).astype(int).astype(
        "timedelta64[D]"
    )
    episode, when = np.r_[one, two], np.minimum(np.r_[when_one, when_two], end)
    _, keep = np.unique(np.stack([books.child[episode], when.astype(np.int64)]), axis=1, return_index=True)
    episode, when = episode[keep], when[keep]

    # A conference needs a case that goes on: the child's latest episode, no plan open, young enough, not yet chosen.
    child = books.child[episode]
    starts = pop.count(cal.of_year(cal.PLAN_STARTS, year, area), 6)
    wanted = round(starts / cal.PLANS_A_CONFERENCE[area])
    late = rng.random(len(episode)) >= cal.of_year(cal.ON_TIME_CONFERENCE, year, area) / 100
    within = np.clip(np.rint(rng.normal(13.2, 2.2, len(episode))), 3, 15).astype(int)
    icpc = add_working_days(when, np.where(late, rng.integers(16, 31, len(episode)), within))
    on_plan = np.zeros(len(pop.children), bool)
    on_plan[books.p_child[np.isnat(books.p_end)]] = True
    ended = np.full(len(pop.children), np.datetime64("1990-01-01"), "datetime64[D]")
    has_end = ~np.isnat(books.p_end)
    np.maximum.at(ended, books.p_child[has_end], books.p_end[has_end])
    age = (icpc - pop.birth(child)).astype(int)
    ok = (books.last[child] == episode) & ~on_plan[child] & (age < 6200) & (ended[child] + 30 < when)
    index = np.flatnonzero(ok)
    index = index[rng.permutation(len(index))]
    _, first = np.unique(child[index], return_index=True)  # one conference a child a year
    index = index[np.sort(first)]
    before = ended[child[index]] > np.datetime64("1991-01-01")
    wait = rng.exponential(size=len(index)) / np.where(before, 3.0, 1.0)
    chosen = index[np.argsort(wait, kind="stable")[:wanted]]
    held = np.full(len(episode), NEVER, "datetime64[D]")
    held[chosen] = icpc[chosen]
    books.s_episode.append(episode)
    books.s_start.append(when)
    books.s_icpc.append(held)
    books.close[episode[chosen]] = np.fmax(
        books.close[episode[chosen]],
        icpc[chosen] + rng.integers(15, 60, len(chosen)).astype("timedelta64[D]"),
    )

    planned = chosen[np.sort(rng.permutation(len(chosen))[:starts])]
    _start_plans(pop, area, year, rng, books, episode[planned], icpc[planned])


def _start_plans(
    pop: Population,
    area: int,
    year: int,
    rng: np.random.Generator,
    books: _Books,
    episode: Array,
    begin: Array,
) -> None:
    n = len(episode)
    child = books.child[episode]
    long = rng.random(n) < cal.LONG_PLAN_SHARE[area]
    if pop.size < 0.2 and year in (2021, 2022) and n:
        long[rng.integers(0, n)] = True  # a small world still has one plan of two years
    mean = cal.of_year(cal.PLAN_STOCK, year, area) / cal.of_year(cal.PLAN_STARTS, year, area) * 365
    brief = np.clip(rng.gamma(1.9, mean / 1.9, n), 35, 700).astype(int)
    beyond = rng.exponential(cal.LONG_PLAN_BEYOND[area], n).astype(int)
    due = np.where(long, plus(after_months(begin, 24), beyond), plus(begin, brief))
    earlier = np.bincount(books.p_child, minlength=len(pop.children))[child]
    first_previous = np.zeros(len(pop.children), np.int64)
    seen = np.unique(books.p_child, return_index=True)
    first_previous[seen[0]] = books.p_previous[seen[1]]
    previous = np.where(earlier > 0, first_previous[child] + earlier, 0)
    want = round(n * cal.of_year(cal.LATER_PLANS, year, area) / 100) - int((previous > 0).sum())
    able = np.flatnonzero((earlier == 0) & ((begin - pop.birth(child)).astype(int) > 700))
    if want > 0 and len(able):
        lucky = rng.choice(able, min(want, len(able)), replace=False)
        previous[lucky] = rng.choice([1, 2, 3], len(lucky), p=[0.78, 0.18, 0.04])
    books.p_episode, books.p_child = np.r_[books.p_episode, episode], np.r_[books.p_child, child]
    books.p_start, books.p_due = np.r_[books.p_start, begin], np.r_[books.p_due, due]
    books.p_end = np.r_[books.p_end, np.full(n, NEVER, "datetime64[D]")]
    books.p_long, books.p_previous = np.r_[books.p_long, long], np.r_[books.p_previous, previous]


def _end_plans(pop: Population, area: int, year: int, rng: np.random.Generator, books: _Books) -> None:
    """End as many plans in the year as leave the published number open on 31 March, the ones that are due first."""
    start, end = fy_start(year), fy_end(year)
    live = np.flatnonzero(np.isnat(books.p_end) & (books.p_start <= end))
    stock = pop.count(cal.of_year(cal.PLAN_STOCK, year, area), 4)
    long_due = live[books.p_long[live] & (books.p_due[live] <= end)]
    books.p_end[long_due] = books.p_due[long_due]
    brief = live[~books.p_long[live]]
    brief = brief[np.argsort(books.p_due[brief], kind="stable")]
    number = min(max(len(live) - len(long_due) - stock, 0), len(brief))
    ending = brief[:number]
    early = books.p_due[ending] > end  # brought forward into this year
    low = np.maximum(books.p_start[ending] + 30, start)
    room = np.maximum((end - low).astype(int), 0)
    pulled = np.minimum(low + (rng.random(number) * (room + 1)).astype(int).astype("timedelta64[D]"), end)
    books.p_end[ending] = np.maximum(
        np.where(early, pulled, np.maximum(books.p_due[ending], start)), books.p_start[ending] + 1
    )
    waiting = brief[number:]
    put_off = waiting[books.p_due[waiting] <= end]
    books.p_due[put_off] = np.minimum(
        plus(fy_start(year + 1), rng.integers(0, 90, len(put_off))), books.p_start[put_off] + 715
    )
    # The episode lives as long as its plan.
    ended = np.r_[long_due, ending]
    episode = books.p_episode[ended]
    closes = plus(books.p_end[ended], rng.integers(3, 60, len(ended)))
    books.close[episode] = np.where(
        np.isnat(books.close[episode]), closes, np.maximum(books.close[episode], closes)
    )
    still = books.p_episode[np.isnat(books.p_end)]
    books.close[still] = NEVER


def _finish(pop: Population, area: int, rng: np.random.Generator, books: _Books) -> Careers:
    n = len(books.child)
    reason = np.where(
        books.nfa,
        "RC8",
        np.where(
            books.not_in_need,
            np.where(rng.random(n) < 0.55, "RC8", "RC9"),
            draw(rng, {"RC7": 88, "RC5": 5, "RC9": 3, "RC4": 1.5, "RC3": 1.5, "RC6": 0.8, "RC1": 0.2}, n),
        ),
    ).astype(object)
    reason[(reason == "RC9") & (books.close < fy_start(2023))] = "RC7"
    again = np.zeros(n, bool)
    order = np.lexsort((books.ref, books.child))
    again[order[1:]] = books.child[order[1:]] == books.child[order[:-1]]
    second = again & (rng.random(n) < 0.012)
    second[np.flatnonzero(again & (books.ref > fy_start(2024)) & (books.ref < fy_end(2025)))[:2]] = (
        True  # in every world, two
    )
    episodes = pd.DataFrame(
        {
            "child": books.child,
            "ref": books.ref,
            "close": books.close,
            "nfa": books.nfa,
            "reason": reason,
            "source": draw(rng, cal.SOURCES[area], n),
            "need": draw(rng, cal.NEEDS, n),
            # One child with two ids: a worker opens a new record instead of finding the old one.
            "second_id": second,
        }
    )
    episodes["source"] = np.where(
        (episodes["source"] == "5D") & (episodes["ref"] < pd.Timestamp("2022-04-01")),
        "5A",
        episodes["source"],
    )
    assessments = _assessments(rng, books)
    made = assessments["auth"].to_numpy().astype("datetime64[D]")
    draws = rng.random((len(made), len(cal.FACTORS)))
    chance = np.array([f[area] / cal.FACTOR_BASE[area] for f in cal.FACTORS.values()])
    row, code = np.nonzero(draws < chance)
    factors = pd.DataFrame({"assessment": row, "factor": np.array(list(cal.FACTORS), dtype=object)[code]})
    bare = np.setdiff1d(np.arange(len(made)), row)
    factors = pd.concat(
        [factors, pd.DataFrame({"assessment": bare, "factor": np.full(len(bare), "21", dtype=object)})],
        ignore_index=True,
    )
    enquiries = pd.DataFrame(
        {
            "episode": np.concatenate(books.s_episode),
            "start": np.concatenate(books.s_start),
            "icpc": np.concatenate(books.s_icpc),
        }
    )
    initial = draw(rng, cal.PLAN_CATEGORY[area], len(books.p_episode))
    latest = np.where(
        rng.random(len(initial)) < 0.1, draw(rng, cal.PLAN_CATEGORY[area], len(initial)), initial
    )
    plans = pd.DataFrame(
        {
            "episode": books.p_episode,
            "start": books.p_start,
            "end": books.p_end,
            "initial": initial,
            "latest": latest,
            "previous": books.p_previous,
        }
    )
    return Careers(
        area,
        episodes,
        assessments,
        factors,
        _cin_plans(rng, books),
        enquiries,
        plans,
        _reviews(rng, books),
        _pre_proceedings(rng, books),
    )


def _assessments(rng: np.random.Generator, books: _Books) -> pd.DataFrame:
    first = np.flatnonzero(~books.nfa)
    begin = np.minimum(
        books.ref[first] + rng.integers(0, 4, len(first)).astype("timedelta64[D]"), books.auth[first]
    )
    far = np.where(np.isnat(books.close), fy_end(cal.LAST_YEAR), books.close)
    long = np.flatnonzero((far - books.ref).astype(int) > 420)
    long = long[rng.random(len(long)) < 0.05]
    again = books.ref[long] + rng.integers(220, 330, len(long)).astype("timedelta64[D]")
    done = add_working_days(again, rng.integers(5, 40, len(long)))
    return pd.DataFrame(
        {"episode": np.r_[first, long], "start": np.r_[begin, again], "auth": np.r_[books.auth[first], done]}
    )


def _cin_plans(rng: np.random.Generator, books: _Books) -> pd.DataFrame:
    protected = np.zeros(len(books.child), bool)
    protected[books.p_episode] = True
    pick = np.flatnonzero(
        ~books.nfa & ~books.not_in_need & ~protected & (rng.random(len(books.child)) < 0.55)
    )
    begin = plus(books.auth[pick], rng.integers(1, 10, len(pick)))
    fits = np.isnat(books.close[pick]) | (begin < books.close[pick])
    return pd.DataFrame({"episode": pick[fits], "start": begin[fits], "end": books.close[pick[fits]]})


def _reviews(rng: np.random.Generator, books: _Books) -> pd.DataFrame:
    """The first review within three months, then every six, with a few late."""
    last = np.where(np.isnat(books.p_end), fy_end(cal.LAST_YEAR), books.p_end)
    plan, date = [], []
    for number in range(6):
        when = books.p_start + (80 + 175 * number + rng.integers(-6, 8, len(last))).astype("timedelta64[D]")
        held = np.flatnonzero(when < last)
        plan.append(held)
        date.append(when[held])
    return pd.DataFrame({"plan": np.concatenate(plan), "date": np.concatenate(date)})


def _pre_proceedings(rng: np.random.Generator, books: _Books) -> pd.DataFrame:
    live = np.flatnonzero(
        (books.p_start > fy_start(cal.LAST_YEAR)) & (books.p_start < fy_end(cal.LAST_YEAR) - 70)
    )
    if not len(live):
        return pd.DataFrame({"episode": live, "start": days(0), "end": days(0)})
    pick = live[rng.random(len(live)) < 0.12] if len(live) > 30 else live[:2]
    begin = books.p_start[pick] + rng.integers(10, 60, len(pick)).astype("timedelta64[D]")
    end = np.where(
        rng.random(len(pick)) < 0.5, begin + rng.integers(30, 120, len(pick)).astype("timedelta64[D]"), NEVER
    )
    return pd.DataFrame({"episode": books.p_episode[pick], "start": begin, "end": end})
