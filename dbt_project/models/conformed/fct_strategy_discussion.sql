with

discussions as (
    select * from {{ ref('stg_council__strategy_discussions__discussions') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

identified as (
    select
        discussions.*,
        tokens.person_key
    from discussions
    left join tokens
        on discussions.child_token = tokens.child_token
),

folded as (
    select *
    from identified
    {{ newest_return_wins(['area_code', 'discussion_id', 'person_key']) }}
),

-- Apologies are not attendance. What nobody recorded stays unknown: it is no proof of absence.
present as (
    select
        *,
        council_present = 'ATTENDED' as is_council_present,
        police_present = 'ATTENDED' as is_police_present,
        health_present = 'ATTENDED' as is_health_present,
        education_present = 'ATTENDED' as is_education_present,
        other_present = 'ATTENDED' as is_other_present
    from folded
),

final as (
    select
        {{ hash_key(['area_code', 'discussion_id', 'person_key']) }} as strategy_discussion_key,
        {{ hash_key(['area_code', 'discussion_id']) }} as discussion_key,
        person_key,
        area_code,
        hub_id,
        held_at,
        recorded_on,
        outcome,
        outcome in ('S47_JOINT', 'S47_SINGLE') as is_section47,
        is_council_present,
        is_police_present,
        is_health_present,
        is_education_present,
        is_other_present,
        is_council_present and is_police_present and is_health_present as has_council_police_and_health,
        submission_id,
        source_table,
        source_row
    from present
)

select * from final
