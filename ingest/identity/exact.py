"""Exact linkage: pairs of tokens that carry the same valid number.

Lives here: which numbers may be used, the pairs that share one, how else the two compare.
Add here: another number, or another reason not to trust one.
Must not live here: reading the store (records.py), what is made of a pair (outcomes.py).

A number alone does not make two children one: a clerk gives twins one UPN, a parent's number is typed on a child. So each
pair comes with how birth dates, names and postcodes compare, in the words of compare.py. A number that one submitter gives to
many children is a stand-in and links nobody. A keyed number of the same local id under an older key is the fourth number.
"""

from __future__ import annotations

import duckdb

from ingest.identity.compare import COMPARISONS

#: More children of one submitter with the same number than this, and the number is a stand-in.
MOST_TOKENS_A_NUMBER = 6


def pairs(con: duckdb.DuckDBPyConnection) -> None:
    """Make `exact_pair` (a, b, step, is_temporary, is_contested, one gamma a comparison: the best that any two records of the tokens reach).

    a < b are nodes of `token`. Also `stand_in` (kind, number), numbers that were not used, `usable` (node, kind, number) and `number_of` (node, nhs, upn).
    """
    con.execute(_USABLE)
    best = ", ".join(f"max({c.case()})::tinyint as gamma_{c.name}" for c in COMPARISONS)
    con.execute(
        f"""create temp table exact_pair as
            with shared as (
                select x.node as a, y.node as b, x.kind as step, bool_and(x.is_temporary) as is_temporary, bool_and(x.is_contested) as is_contested
                from usable x join usable y on x.kind = y.kind and x.number = y.number and x.node < y.node
                group by all
                union all
                select x.node, y.node, 'local_id', false, false
                from token x join token y on x.submitter = y.submitter and x.local_id = y.local_id and x.node < y.node
            )
            select s.*, {best}
            from shared s join record l on s.a = l.node join record r on s.b = r.node
            group by s.a, s.b, s.step, s.is_temporary, s.is_contested"""
    )


_USABLE = f"""
    create temp table stand_in as
        select distinct kind, number from (
            select kind, number, n.submitter from number n join token using (node) group by all having count(distinct stem) > {MOST_TOKENS_A_NUMBER}
        );
    -- A number of an identity that ended (adoption) ends with it: whoever brings it afterwards is not that child, and whoever
    -- had it before ended with it.
    create temp table ended_number as
        select n.kind, n.number, max(t.ended_on) as ended_on
        from number n join token t using (node) where t.ended_on is not null group by all;
    update token set ended_on = e.ended_on
        from (
            select n.node, max(e.ended_on) as ended_on from number n join ended_number e using (kind, number)
            join token t on n.node = t.node and t.first_end <= e.ended_on group by n.node
        ) e where token.node = e.node and token.ended_on is null;
    create temp table usable as
        with held as (
            select n.node, t.stem, n.kind, n.number, any_value(n.submitter) as submitter, bool_or(n.is_temporary) as is_temporary
            from number n join token t using (node) left join ended_number e using (kind, number)
            anti join stand_in using (kind, number)
            where e.ended_on is null or t.first_end <= e.ended_on or t.ended_on is not null
            group by all
        )
        -- Contested: one submitter gives it to two of its children. They may be one child under two ids, or twins with one number.
        select h.node, h.kind, h.number, h.is_temporary, c.number is not null as is_contested
        from held h left join (
            select distinct kind, number from (select kind, number from held group by kind, number, submitter having min(stem) <> max(stem))
        ) c using (kind, number);
    create temp table number_of as
        select node, list_distinct(list(number) filter (where kind = 'nhs_number')) as nhs,
            list_distinct(list(number) filter (where kind = 'upn' and not is_temporary)) as upn
        from usable group by node;
"""
