with

episodes as (
    select * from {{ ref('stg_council__early_help__episodes') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

days as (
    select * from {{ ref('dim_date') }}
),

identified as (
    select
        episodes.*,
        tokens.person_key
    from episodes
    left join tokens
        on episodes.child_token = tokens.child_token
),

folded as (
    select *
    from identified
    {{ newest_return_wins(['area_code', 'eh_id', 'person_key']) }}
),

final as (
    select
        {{ hash_key(['folded.area_code', 'folded.eh_id', 'folded.person_key']) }} as early_help_key,
        {{ hash_key(['folded.area_code', 'coalesce(folded.family_ref, folded.eh_id)']) }} as family_key,
        folded.person_key,
        folded.area_code,
        folded.district,
        folded.offered_on,
        folded.offer_outcome,
        folded.started_on,
        folded.assessed_on,
        folded.ended_on,
        folded.recorded_on,
        folded.reason,
        folded.end_reason,
        folded.lead_org_type,
        folded.started_on is not null and folded.ended_on is null as is_open,
        {{ working_days('start_day', 'assessed_day') }} as working_days_to_assessment,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
    left join days as start_day
        on folded.started_on = start_day.date_day
    left join days as assessed_day
        on folded.assessed_on = assessed_day.date_day
)

select * from final
