with

notices as (
    select * from {{ ref('stg_council__children_placed_here__notices') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

folded as (
    select *
    from notices
    {{ newest_return_wins(['area_code', 'notification_id']) }}
),

final as (
    select
        {{ hash_key(['folded.area_code', 'folded.notification_id']) }} as placement_notification_key,
        tokens.person_key,
        folded.area_code,
        folded.placing_la_code,
        folded.placed_in,
        folded.district,
        folded.placed_on,
        folded.notified_on,
        folded.ended_on,
        folded.recorded_on,
        {{ days_between('folded.placed_on', 'folded.notified_on') }} as days_to_notice,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
    left join tokens
        on folded.child_token = tokens.child_token
)

select * from final
