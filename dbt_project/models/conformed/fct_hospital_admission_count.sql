with

counts as (
    select * from {{ ref('stg_health__admissions__counts') }}
),

councils as (
    select * from {{ ref('area') }}
    where area_type = 'council'
),

folded as (
    select *
    from counts
    {{ newest_return_wins(['submitter', 'quarter_start', 'home_la', 'reason', 'age_band', 'sex']) }}
),

final as (
    select
        {{ hash_key(['folded.submitter', 'folded.quarter_start', 'folded.home_la', 'folded.reason', 'folded.age_band', 'folded.sex']) }} as count_key,
        councils.area_code,
        folded.home_la,
        folded.quarter_start,
        {{ quarter_id('folded.quarter_start') }} as quarter_id,
        folded.reason,
        folded.age_band,
        folded.sex,
        folded.admissions,
        folded.admissions_symbol,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
    left join councils
        on folded.home_la = cast(councils.la_code as string)
)

select * from final
