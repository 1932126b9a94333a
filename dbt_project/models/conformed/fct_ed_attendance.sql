with

attendances as (
    select * from {{ ref('stg_health__emergency_department__attendances') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

councils as (
    select * from {{ ref('area') }}
    where area_type = 'council'
),

folded as (
    select *
    from attendances
    {{ newest_return_wins(['submitter', 'attendance_ref']) }}
),

final as (
    select
        {{ hash_key(['folded.submitter', 'folded.attendance_ref']) }} as attendance_key,
        tokens.person_key,
        councils.area_code,
        folded.home_la,
        folded.provider,
        folded.arrived_at,
        folded.complaint,
        folded.injury_intent,
        folded.complaint = 'SELF_HARM' or coalesce(folded.injury_intent = 'SELF_HARM', false) as is_self_harm,
        folded.complaint in ('ASSAULT', 'SEXUAL') or coalesce(folded.injury_intent = 'ASSAULT', false) as is_assault,
        folded.cpis_checked,
        folded.social_care_told,
        folded.discharge,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
    left join tokens
        on folded.child_token = tokens.child_token
    left join councils
        on folded.home_la = cast(councils.la_code as string)
)

select * from final
