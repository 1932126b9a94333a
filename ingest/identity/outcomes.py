"""Outcomes: what is made of a pair: linked, for a person to decide, or not linked. The rules stand here and nowhere else.

Lives here: the thresholds with their evidence, the rules that keep a pair from being linked whatever its weight.
Add here: a rule, with its reason code and a test.
Must not live here: how attributes compare (compare.py), weights (scored.py), chains of pairs (clusters.py).

A pair is linked by a number or by its weight, and by neither alone. The rules are a table: the first that fits a pair gives
its outcome and its reason. They rest on what goes wrong in children's records: twins share everything but the forename, brothers
and sisters of one name share everything but the birth date, and both are told apart before any weight is looked at.
"""

from __future__ import annotations

import duckdb

from ingest.identity.compare import BIRTH, COMPARISONS, FORENAME, POSTCODE, SEX, SURNAME, Comparison

#: Weights in bits (log2 of the odds). Chosen on the synthetic partnership, see docs/linkage_quality.md: at LINK the last pairs
#: that are still right appear among those that a person would have to look at.
LINK, REVIEW = 8.0, 3.0
LINK_SLIP = 15.0

#: Strength of a link, for undoing the weakest first when a chain of links contradicts itself. Scored links have their weight,
#: which stays below 100.
DECIDED, SAME_ID, NUMBER, LOOSE_NUMBER = 1000, 300, 200, 150


def _is(comparison: Comparison, *levels: str) -> str:
    """SQL: the pair's gamma of this comparison is one of these levels."""
    return f"gamma_{comparison.name} in ({', '.join(map(str, comparison.gamma(*levels)))})"


BIRTH_AGREES, BIRTH_UNKNOWN = _is(BIRTH, "same", "slip"), _is(BIRTH, "unknown")
FORENAME_DIFFERS = _is(FORENAME, "differ")
FULL_BIRTH_AND_HOME = f"{_is(BIRTH, 'same')} and {_is(POSTCODE, 'same')}"
#: Forename, birth date and home agree; or both names and the birth date, and the two numbers are one slip of a digit apart.
ALL_AGREES = (
    f"{_is(FORENAME, 'same', 'exchanged')} and not ({_is(SEX, 'differ')}) and ({FULL_BIRTH_AND_HOME} "
    f"or {_is(SURNAME, 'same', 'part', 'near')} and {_is(BIRTH, 'same')} and numbers_near)"
)
#: (what fits, outcome, reason) for pairs that share a number; the first that fits decides.
NUMBER_RULES: tuple[tuple[str, str, str], ...] = (
    ("step = 'local_id'", "link", "same_local_id"),
    (f"is_temporary and not ({_is(BIRTH, 'same')})", "none", "temporary_number"),
    # NHS number and birth date are what the NHS itself asks for. A twin who has been given the other's number is known by a
    # second child of that day and surname, or that day and home, with a number of its own.
    (
        f"step = 'nhs_number' and {BIRTH_AGREES} and not ({FORENAME_DIFFERS} and (is_twin or {_is(SEX, 'differ')}))",
        "link",
        "nhs_number",
    ),
    # Two children with one UPN are a known fault of school and council records (DfE CIN rule 8510, SSDA903 rule 444).
    (FORENAME_DIFFERS, "review", "number_forename_differs"),
    (f"step = 'upn' and is_contested and {_is(FORENAME, 'unknown')}", "review", "number_contested"),
    (f"step = 'upn' and {_is(FORENAME, 'unknown')} and {_is(SEX, 'differ')}", "review", "number_sex_differs"),
    # Twins with one UPN whose names sound alike: their NHS numbers, or a known second child, tell.
    (
        f"step = 'upn' and not ({_is(FORENAME, 'same', 'exchanged', 'unknown')}) and (is_twin or nhs_differ)",
        "review",
        "number_forenames_alike",
    ),
    (BIRTH_AGREES, "link", "upn"),
    (BIRTH_UNKNOWN, "link", "number_no_birth_date"),
    (_is(BIRTH, "year"), "link", "number_year_of_birth"),
    # The birth date is wrong, and the forename with the surname or the home is right.
    (
        f"step = 'nhs_number' and {_is(FORENAME, 'same', 'exchanged', 'known_as')} "
        f"and ({_is(SURNAME, 'same', 'part', 'near')} or {_is(POSTCODE, 'same')})",
        "link",
        "number_and_name",
    ),
    ("true", "review", "number_birth_date_differs"),
)
#: (what fits, outcome, reason) for scored pairs; the first that fits decides.
SCORED_RULES: tuple[tuple[str, str, str], ...] = (
    (f"weight < {REVIEW}", "none", "weight"),
    ("identity_ended", "none", "identity_ended"),
    # Without a forename a twin would do as well; without a surname the home must speak.
    (_is(FORENAME, "unknown"), "review", "no_forename"),
    (f"{_is(SURNAME, 'unknown')} and not ({FULL_BIRTH_AND_HOME})", "review", "no_surname"),
    (BIRTH_UNKNOWN, "review", "no_birth_date"),
    (FORENAME_DIFFERS, "review", "forename_differs"),
    (_is(BIRTH, "differ"), "review", "birth_date_differs"),
    # One child can have two NHS numbers for a while; then everything else agrees. A sender who keeps two of them says two children.
    (f"numbers_differ and (same_submitter or not ({ALL_AGREES}))", "review", "numbers_differ"),
    # Two spellings that are names of their own, of children born on one day: twins, or one child misheard.
    (_is(FORENAME, "near") + " and both_established", "review", "forenames_alike"),
    # Any other spelling may be somebody else's name where a second child of that day and home or surname is known, or a girl's
    # or boy's; and even the same forename, where it is short for the other twin's too (Alex, of Alexander and Alexandra).
    (
        f"not ({_is(FORENAME, 'same', 'exchanged')}) and (is_twin or {_is(SEX, 'differ')}) or is_rival",
        "review",
        "twin",
    ),
    # The year alone, or a surname that differs, needs the home.
    (
        f"({_is(BIRTH, 'year')} or {_is(SURNAME, 'differ')}) and not ({_is(POSTCODE, 'same')})",
        "review",
        "no_shared_address",
    ),
    # A slip in the birth date leaves a namesake of nearly the same day possible; the home, or a rarer name, excludes one.
    (
        f"{_is(BIRTH, 'slip')} and not ({_is(POSTCODE, 'same')}) and weight < {LINK_SLIP}",
        "review",
        "birth_date_slip",
    ),
    (_is(BIRTH, "year") + " and not (" + _is(FORENAME, "same", "exchanged") + ")", "review", "year_of_birth"),
    (f"weight < {LINK}", "review", "weight"),
    ("true", "link", "scored"),
)


def _case(rules: tuple[tuple[str, str, str], ...], part: int) -> str:
    return "case " + " ".join(f"when {rule[0]} then '{rule[part]}'" for rule in rules) + " end"


def decide(con: duckdb.DuckDBPyConnection) -> None:
    """Make `pair` (a, b, step, strength, weight, outcome, reason, gammas): one row a pair of tokens and step.

    A pair of tokens with several records takes the best outcome that any two of them reach, then the highest weight.
    """
    gammas = ", ".join(f"gamma_{c.name}" for c in COMPARISONS)
    con.execute(_TWIN)
    con.execute(
        f"""create temp table pair as
            with compared as (
                select
                    least(l.node, r.node) as a, greatest(l.node, r.node) as b, s.weight, {gammas},
                    coalesce(fl.is_established and fr.is_established, false) as both_established,
                    case when l.node < r.node then l.forename_keys else r.forename_keys end as keys_a,
                    case when l.node < r.node then r.forename_keys else l.forename_keys end as keys_b
                from scored_pair s
                join record l on s.record_l = l.record_id join record r on s.record_r = r.record_id
                left join tf_forename fl on l.forename = fl.forename left join tf_forename fr on r.forename = fr.forename
            ),
            -- Different valid NHS numbers, or no NHS number to compare and different permanent UPNs.
            placed as (
                select
                    c.*,
                    coalesce(len(na.nhs) > 0 and len(nb.nhs) > 0 and not list_has_any(na.nhs, nb.nhs), false)
                    or coalesce(len(na.upn) > 0 and len(nb.upn) > 0 and not list_has_any(na.upn, nb.upn)
                        and not coalesce(list_has_any(na.nhs, nb.nhs), false), false) as numbers_differ,
                    case when list_has_any(na.nhs, nb.nhs) then true else coalesce(list_aggregate(flatten(list_transform(na.nhs, lambda x:
                        list_transform(nb.nhs, lambda y: damerau_levenshtein(x[:-2], y[:-2]) <= 1))), 'bool_or'), false) end as numbers_near,
                    ta.submitter = tb.submitter as same_submitter, {ended("ta", "tb")} as identity_ended, wa.node is not null or wb.node is not null as is_twin,
                    coalesce(list_has_any(wa.rivals, c.keys_b), false) or coalesce(list_has_any(wb.rivals, c.keys_a), false) as is_rival
                from compared c join token ta on c.a = ta.node join token tb on c.b = tb.node
                left join twin wa on c.a = wa.node left join twin wb on c.b = wb.node
                left join number_of na on c.a = na.node left join number_of nb on c.b = nb.node
            ),
            scored as (
                select a, b, 'scored' as step, least(floor(weight), 99)::integer as strength, weight,
                    {_case(SCORED_RULES, 1)} as outcome, {_case(SCORED_RULES, 2)} as reason, {gammas}
                from placed
                qualify row_number() over (
                    partition by a, b order by outcome = 'link' desc, outcome = 'review' desc, weight desc, {gammas}
                ) = 1
            ),
            numbered as (
                select
                    e.a, e.b, e.step,
                    case when e.step = 'local_id' then {SAME_ID} when {BIRTH_AGREES} then {NUMBER} else {LOOSE_NUMBER} end as strength,
                    null::float as weight,
                    case when {ended("ta", "tb")} and e.step <> 'local_id' then 'none' else {_case(NUMBER_RULES, 1)} end as outcome,
                    {_case(NUMBER_RULES, 2)} as reason, {gammas}
                from (
                    select x.*, ka.node is not null or kb.node is not null as is_twin,
                        coalesce(not list_has_any(na.nhs, nb.nhs), false) as nhs_differ
                    from exact_pair x left join twin ka on x.a = ka.node left join twin kb on x.b = kb.node
                    left join number_of na on x.a = na.node left join number_of nb on x.b = nb.node
                ) e join token ta on e.a = ta.node join token tb on e.b = tb.node
            )
            from numbered where outcome <> 'none' union all by name from scored where outcome <> 'none'"""
    )


#: Twins, as far as numbers tell: a node whose NHS number another child of the same day and surname, or the same day and home, does
#: not share, and under another forename. `rivals`: what that other child's forename may stand for.
_TWIN = f"""
    create temp table twin as
        with held as (
            select r.node, r.birth_date, r.forename, r.surname, r.forename_keys, r.forename_words, r.forename_sound, r.name_set, u.number,
                unnest(list_concat(['s ' || r.surname], list_transform(r.postcodes, lambda p: 'p ' || p))) as shared
            from record r join usable u on r.node = u.node and u.kind = 'nhs_number'
            where r.birth_date is not null and r.forename is not null
        ),
        crowded as (select birth_date, shared from held where shared is not null group by all having count(distinct number) > 1),
        near as (select h.* from held h semi join crowded using (birth_date, shared)),
        rival as (
            select l.number, list_distinct(flatten(list(r.forename_keys))) as rivals
            from near l join near r on l.birth_date = r.birth_date and l.shared = r.shared and l.number <> r.number
            where ({FORENAME.case()}) not in {FORENAME.gamma("same", "exchanged")}
            group by l.number
        )
        select u.node, list_distinct(flatten(list(v.rivals))) as rivals
        from usable u join rival v on u.kind = 'nhs_number' and u.number = v.number group by u.node
"""


def ended(a: str, b: str) -> str:
    """SQL: the identity of one of two tokens ended (adoption) before the other was first seen. Nothing links the two."""
    return f"(coalesce({a}.ended_on < {b}.first_end, false) or coalesce({b}.ended_on < {a}.first_end, false))"
