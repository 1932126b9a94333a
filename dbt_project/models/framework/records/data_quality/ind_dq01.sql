with overall as (
    select as_of
    from {{ ref('dim_data_as_of') }}
    where extract_key = 'all'
),

returns_due as (
    select
        expected.*,
        'pipeline/expected_returns' as source_table,
        cast(null as bigint) as source_row
    from {{ ref('fct_expected_return') }} as expected
    cross join overall
    where expected.due_on <= overall.as_of
)

{{ indicator_record(
    'DQ01', 'returns_due',
    key="concat(rec.agency, '/', rec.extract, '/', rec.submitter, '/', rec.period)",
    event_date='rec.due_on',
    person_key=none,
    agency='rec.agency',
    in_numerator="rec.status = 'on_time'"
) }}
