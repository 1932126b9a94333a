with

appointments as (
    select * from {{ ref('stg_health__was_not_brought__appointments') }}
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
    from appointments
    {{ newest_return_wins(['submitter', 'appointment_ref']) }}
),

final as (
    select
        {{ hash_key(['folded.submitter', 'folded.appointment_ref']) }} as appointment_key,
        tokens.person_key,
        councils.area_code,
        folded.home_la,
        folded.provider,
        folded.specialty,
        folded.kind as missed_kind,
        folded.appointment_on,
        folded.missed_in_a_row,
        coalesce(folded.followed_up, false) and coalesce(folded.followup_kind <> 'REBOOKED', true) as is_followed_up,
        folded.followed_up_on,
        folded.followup_kind,
        cast({{ days_between('folded.appointment_on', 'folded.followed_up_on') }} as bigint) as days_to_followup,
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
