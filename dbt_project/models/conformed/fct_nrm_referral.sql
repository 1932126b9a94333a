with

referrals as (
    select * from {{ ref('stg_police__nrm_referrals__referrals') }}
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
        folded.first_responder,
        folded.exploitation_type,
        folded.county_lines,
        folded.referred_on,
        folded.reasonable_grounds,
        folded.reasonable_grounds_on,
        folded.conclusive_grounds,
        folded.conclusive_grounds_on,
        cast({{ days_between('folded.referred_on', 'folded.reasonable_grounds_on') }} as bigint) as days_to_reasonable_grounds,
        cast({{ days_between('folded.reasonable_grounds_on', 'folded.conclusive_grounds_on') }} as bigint) as days_to_conclusive_grounds,
        folded.changed_on,
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
