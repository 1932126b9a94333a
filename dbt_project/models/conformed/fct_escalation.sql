with

escalations as (
    select * from {{ ref('stg_partnership__escalations__escalations') }}
),

councils as (
    select * from {{ ref('area') }}
    where area_type = 'council'
),

calendar as (
    select * from {{ ref('dim_date') }}
),

folded as (
    select *
    from escalations
    {{ newest_return_wins(['submitter', 'escalation_ref']) }}
),

-- The procedure's own limit is set by the partnership, stage by stage; the days are here, the limit is the indicator's.
final as (
    select
        {{ hash_key(['folded.submitter', 'folded.escalation_ref']) }} as escalation_key,
        councils.area_code,
        folded.raised_by,
        folded.raised_with,
        folded.stage,
        folded.opened_on,
        folded.resolved_on,
        {{ working_days('opened_days', 'resolved_days') }} as working_days_to_resolution,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
    left join councils
        on folded.council_area = cast(councils.la_code as string)
    left join calendar as opened_days
        on folded.opened_on = opened_days.date_day
    left join calendar as resolved_days
        on folded.resolved_on = resolved_days.date_day
)

select * from final
