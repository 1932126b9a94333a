with

notices as (
    select * from {{ ref('stg_police__protection_notices__notices') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

councils as (
    select * from {{ ref('area') }}
    where area_type = 'council'
),

folded as (
    select
        *,
        {{ hours_between('made_at', 'sent_at') }} as hours_to_send,
        {{ hours_between('sent_at', 'received_at_council') }} as hours_to_arrive
    from notices
    {{ newest_return_wins(['submitter', 'notice_ref', 'child_token']) }}
),

final as (
    select
        {{ hash_key(['folded.submitter', 'folded.notice_ref', 'folded.child_token']) }} as notice_key,
        tokens.person_key,
        councils.area_code,
        folded.home_la,
        folded.recipient_la,
        folded.incident_ref,
        folded.notice_type,
        folded.risk,
        folded.made_at,
        folded.sent_at,
        folded.received_at_council,
        folded.hours_to_send,
        folded.hours_to_arrive,
        coalesce(folded.hours_to_send <= 24, false) as is_sent_within_24_hours,
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
