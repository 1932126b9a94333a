with

referrals as (
    select * from {{ ref('stg_health__camhs__referrals') }}
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
    from referrals
    {{ newest_return_wins(['submitter', 'referral_ref']) }}
),

final as (
    select
        {{ hash_key(['folded.submitter', 'folded.referral_ref']) }} as referral_key,
        tokens.person_key,
        councils.area_code,
        folded.home_la,
        folded.provider,
        folded.reason,
        folded.source as referral_source,
        folded.received_on,
        folded.first_contact_on,
        folded.second_contact_on,
        folded.closed_on,
        folded.closure_reason,
        folded.changed_on,
        cast({{ days_between('folded.received_on', 'folded.first_contact_on') }} as bigint) as days_to_first_contact,
        cast({{ days_between('folded.received_on', 'folded.second_contact_on') }} as bigint) as days_to_second_contact,
        folded.closed_on is null as is_open,
        folded.closed_on is not null and folded.first_contact_on is null as is_closed_before_contact,
        folded.closed_on is null and folded.second_contact_on is null as is_waiting,
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
