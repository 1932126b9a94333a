with

assessments as (
    select * from {{ ref('stg_health__looked_after_health_assessments__assessments') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

councils as (
    select * from {{ ref('area') }}
    where area_type = 'council'
),

days as (
    select * from {{ ref('dim_date') }}
),

folded as (
    select *
    from assessments
    {{ newest_return_wins(['submitter', 'assessment_ref']) }}
),

working_days_only as (
    select
        working_day_number,
        date_day
    from days
    where is_working_day
),

final as (
    select
        {{ hash_key(['folded.submitter', 'folded.assessment_ref']) }} as assessment_key,
        tokens.person_key,
        councils.area_code,
        folded.responsible_la,
        folded.assessment_type,
        folded.entered_care_on,
        folded.requested_on,
        folded.consent_on,
        folded.appointment_on,
        folded.done_on,
        folded.left_care_on,
        folded.not_done_reason,
        {{ working_days('entry_day', 'done_day') }} as working_days_to_done,
        twentieth_day.date_day as due_on_20_working_days,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
    left join tokens
        on folded.child_token = tokens.child_token
    left join councils
        on folded.responsible_la = cast(councils.la_code as string)
    left join days as entry_day
        on folded.entered_care_on = entry_day.date_day
    left join days as done_day
        on folded.done_on = done_day.date_day
    left join working_days_only as twentieth_day
        on entry_day.working_day_number + 20 = twentieth_day.working_day_number
)

select * from final
