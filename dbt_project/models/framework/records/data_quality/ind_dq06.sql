with submissions as (
    {{ partner_submissions() }}
),

-- The three code rules of one column check the same values; each value breaks at most one of them.
results as (
    select
        submission_id,
        table_name,
        column_name,
        max(checked) as n_checked,
        sum(failed) as n_failed
    from {{ ref('fct_quality_result') }}
    where rule_kind in ('codelist', 'codelist_year', 'codelist_spelling')
    group by submission_id, table_name, column_name
),

weighed as (
    select
        *,
        'standard' as outcome,
        greatest(n_checked - n_failed, 0) as n_values
    from results
    union all
    select
        *,
        'other' as outcome,
        least(n_failed, n_checked) as n_values
    from results
),

coded as (
    select
        weighed.*,
        submissions.agency,
        submissions.area_code,
        submissions.period_end,
        'pipeline/quality_results' as source_table,
        cast(null as bigint) as source_row
    from weighed
    inner join submissions on weighed.submission_id = submissions.submission_id
    where weighed.n_values > 0
)

{{ indicator_record(
    'DQ06', 'coded',
    key="concat(rec.submission_id, ':', rec.table_name, '.', rec.column_name, ':', rec.outcome)",
    event_date='rec.period_end',
    person_key=none,
    agency='rec.agency',
    in_numerator="rec.outcome = 'standard'",
    weight='rec.n_values'
) }}
