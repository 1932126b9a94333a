with

expected_returns as (
    select * from {{ source('pipeline', 'expected_returns') }}
),

final as (
    select
        agency,
        extract,
        concat(agency, '/', extract) as extract_key,
        submitter,
        area_code,
        period,
        period_start,
        period_end,
        due_on,
        grace_until
    from expected_returns
)

select * from final
