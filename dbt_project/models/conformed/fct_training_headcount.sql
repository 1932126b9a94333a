with

headcount as (
    select * from {{ ref('stg_partnership__training_headcount__headcount') }}
),

councils as (
    select * from {{ ref('area') }}
    where area_type = 'council'
),

folded as (
    select *
    from headcount
    {{ newest_return_wins(['submitter', 'period', 'agency_name', 'council_area']) }}
),

final as (
    select
        {{ hash_key(['folded.submitter', 'folded.period', 'folded.agency_name', 'folded.council_area']) }} as headcount_key,
        folded.agency_name,
        councils.area_code,
        folded.period as financial_year,
        folded.counted_on,
        folded.eligible_headcount,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
    left join councils
        on folded.council_area = cast(councils.la_code as string)
)

select * from final
