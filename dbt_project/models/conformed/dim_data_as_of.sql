with

submissions as (
    select * from {{ ref('stg_pipeline__submissions') }}
),

accepted as (
    select *
    from submissions
    where status in ('accepted', 'partly_accepted')
),

by_submitter as (
    select
        concat(extract_key, '|', submitter) as data_as_of_key,
        agency,
        extract,
        extract_key,
        submitter,
        max(area_code) as area_code,
        min(period_start) as history_start,
        max(period_end) as as_of,
        cast(max(received_at) as date) as last_received_on,
        count(distinct period) as periods_accepted
    from accepted
    group by agency, extract, extract_key, submitter
),

-- The day that the whole warehouse speaks for: nothing that arrived later is in it.
overall as (
    select
        'all' as data_as_of_key,
        'all' as agency,
        'all' as extract,
        'all' as extract_key,
        cast(null as string) as submitter,
        cast(null as string) as area_code,
        min(period_start) as history_start,
        cast(max(received_at) as date) as as_of,
        cast(max(received_at) as date) as last_received_on,
        count(distinct period) as periods_accepted
    from accepted
),

final as (
    select * from by_submitter
    union all
    select * from overall
)

select * from final
