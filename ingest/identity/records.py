"""Records: what linkage compares, one for each way in which a token's child has been written down.

Lives here: the tables `token`, `number` and `record` in the room's own DuckDB connection, made from the identifier store.
Add here: another attribute that a comparison or a rule looks at.
Must not live here: comparing (exact.py, scored.py), deciding (outcomes.py), files.

`token`: one row a pseudonym: its stem (the pseudonym under the first version of the key, mostly itself), agency, submitter, first and last period, NHS numbers, postcodes, when its identity ended.
`number`: one row a (token, kind, valid number, birth date): what exact linkage joins on.
`record`: one row a token and distinct (forename, surname) x birth date that was sent about it. A child that the police know
under two names has two records, so that each can be recognised; a token without a birth date or a name has a record with
what there is. Cross products stay small: most tokens have one of each, and MOST_RECORDS caps the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from ingest.identity import names
from ingest.validators import checksum_sql

#: What linkage reads of the store.
COLUMNS: Sequence[str] = (
    "child_token", "submitter", "agency", "local_id", "nhs_number", "upn", "former_upn", "birth_date", "sex", "forename", "surname",
    "postcode", "identity_ended_on", "first_token",
)  # fmt: skip
#: Ways of writing one token's child that are compared; the most often sent come first.
MOST_RECORDS = 12
#: Dates that systems write when they know none.
STAND_INS = "date '1900-01-01', date '1970-01-01', date '1901-01-01'"


def connection(memory_limit: str | None = None) -> duckdb.DuckDBPyConnection:
    """In memory, and nowhere else: identifiers must not be spilled to a temporary file."""
    con = duckdb.connect(":memory:", config={"threads": 2})
    for setting in (
        "set temp_directory = ''",
        "set autoinstall_known_extensions = false",
        "set autoload_known_extensions = false",
        "set preserve_insertion_order = false",
        "set enable_progress_bar = false",
        *([f"set memory_limit = '{memory_limit}'"] if memory_limit else []),
    ):
        con.execute(setting)
    return con


def prepare(con: duckdb.DuckDBPyConnection, identities: pa.Table, submissions: pa.Table) -> None:
    """Make `token`, `number` and `record` from the rows of the store and the periods of their submissions."""
    con.register("submissions", submissions)
    _distinct(con, identities)
    con.execute(_TOKENS)
    con.execute(_NUMBER)
    con.execute(_RECORD)
    con.execute("drop table said")
    con.unregister("submissions")


def _distinct(con: duckdb.DuckDBPyConnection, identities: pa.Table) -> None:
    """`said`: each distinct statement about a token once, with names in the forms that are compared."""
    con.register("identities", identities)
    con.execute(_SIGHTED)
    con.unregister("identities")
    for column, forms in (("forename", names.forenames), ("surname", names.surnames)):
        sent = con.execute(
            f"select distinct {column} from sighted where {column} is not null order by 1"
        ).to_arrow_table()
        known = sent.rename_columns(["sent"])
        for name, values in zip((t := forms(known.column("sent"))).column_names, t.columns, strict=True):
            known = known.append_column(name, values)
        con.register(f"{column}_known", known)
        con.execute(f"create temp table {column}_form as select * from {column}_known")
        con.unregister(f"{column}_known")
    con.execute(_SAID)
    con.execute("drop table sighted; drop table forename_form; drop table surname_form")


_SIGHTED = f"""
    create temp table sighted as
    select
        i.child_token as token, i.first_token, i.agency, i.submitter, i.local_id,
        upper(regexp_replace(i.nhs_number, '[^0-9A-Za-z]', '', 'g')) as nhs_number,
        upper(regexp_replace(i.upn, '[^0-9A-Za-z]', '', 'g')) as upn,
        upper(regexp_replace(i.former_upn, '[^0-9A-Za-z]', '', 'g')) as former_upn,
        case when i.birth_date not in ({STAND_INS}) then i.birth_date end as birth_date,
        case when upper(i.sex) in ('M', 'MALE', '1') then 'M' when upper(i.sex) in ('F', 'FEMALE', '2') then 'F' end as sex,
        i.forename, i.surname,
        nullif(upper(regexp_replace(i.postcode, '[^0-9A-Za-z]', '', 'g')), '') as postcode,
        max(i.identity_ended_on) as ended_on,
        min(s.period_start) as first_start, min(s.period_end) as first_end, count(*) as n_rows
    from identities i join submissions s using (submission_id)
    where i.child_token is not null
    group by all
"""

_SAID = """
    create temp table said as
    select s.* exclude (forename, surname), f.* exclude (sent), n.* exclude (sent)
    from sighted s left join forename_form f on s.forename = f.sent left join surname_form n on s.surname = n.sent
"""

_TOKENS = """
    create temp table token as
    select
        (row_number() over (order by token) - 1)::integer as node, token,
        coalesce(min(first_token), token) as stem, min(agency) as agency, min(submitter) as submitter, min(local_id) as local_id,
        min(first_start) as first_start, min(first_end) as first_end, max(ended_on) as ended_on,
        coalesce(list_sort(list_distinct(list(postcode) filter (where postcode is not null))), []) as postcodes,
        case when min(sex) = max(sex) then min(sex) end as sex
    from said group by token
"""

_NUMBER = f"""
    create temp table sent_number as
        select distinct t.node, t.submitter, s.birth_date, s.kind, s.number
        from (
            select token, birth_date, 'nhs_number' as kind, nhs_number as number from said where nhs_number is not null
            union all select token, birth_date, 'upn', upn from said where upn is not null
            union all select token, birth_date, 'upn', former_upn from said where former_upn is not null
        ) s join token t using (token);
    create temp table number as
        select s.*, coalesce(s.kind = 'upn' and s.number[13] not between '0' and '9', false) as is_temporary
        from sent_number s semi join (
            select kind, number from (select distinct kind, number from sent_number where kind = 'nhs_number')
            where {checksum_sql("nhs_number", "number")}
            union all
            select kind, number from (select distinct kind, number from sent_number where kind = 'upn') where {checksum_sql("upn", "number")}
        ) v using (kind, number);
    drop table sent_number;
"""

#: Outward code, and the sector inside it: "ST41AA" is of the district ST4 and the sector ST41.
_RECORD = f"""
    create temp table record as
    with name as (
        select
            token, forename, surname, min(forename_words) as forename_words, min(forename_keys) as forename_keys,
            min(forename_sound) as forename_sound, min(surname_words) as surname_words, sum(n_rows) as n_rows
        from said where forename is not null or surname is not null group by token, forename, surname
    ),
    -- "Ann" without a surname says less than "Ann Smith" of the same token.
    whole as (
        select * from name
        qualify (forename is not null and surname is not null)
            or not bool_or(forename is not null and surname is not null) over (partition by token)
    ),
    born as (select token, birth_date, sum(n_rows) as n_rows from said where birth_date is not null group by all),
    crossed as (
        select
            t.node, t.token, t.agency, t.submitter, t.sex, t.postcodes, w.* exclude (token, n_rows), b.birth_date,
            row_number() over (
                partition by t.node order by coalesce(w.n_rows, 0) + coalesce(b.n_rows, 0) desc, w.forename, w.surname, b.birth_date
            ) as rank_in_token
        from token t left join whole w using (token) left join born b using (token)
        qualify rank_in_token <= {MOST_RECORDS}
    ),
    keyed as (
        select
            *,
            -- Day and month in order of size, so that a date with the two exchanged falls into the same block.
            year(birth_date) * 10000 + least(day(birth_date), month(birth_date)) * 100 + greatest(day(birth_date), month(birth_date)) as birth_key,
            year(birth_date) as birth_year,
            strftime(birth_date, '%Y%m%d') as birth_text,
            -- All words of a whole name; half a name has none.
            case when forename is not null and surname is not null
                then list_aggregate(list_sort(list_distinct(list_concat(forename_words, surname_words))), 'string_agg', ' ') end as name_set,
            list_sort(list_distinct(list_transform(postcodes, lambda p: p[:-3]))) as districts
        from crossed
    )
    select
        md5_number_lower(concat_ws('|', token, forename, surname, list_aggregate(forename_words, 'string_agg', ' '), birth_text, sex,
            list_aggregate(postcodes, 'string_agg', ','))) as record_id,
        *
    from keyed
"""
