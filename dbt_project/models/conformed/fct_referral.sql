with

referrals as (
    select * from {{ ref('stg_council__cin_census__cin_details') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

identified as (
    select
        referrals.*,
        tokens.person_key
    from referrals
    left join tokens
        on referrals.child_token = tokens.child_token
),

folded as (
    select *
    from identified
    {{ newest_return_wins(['area_code', 'person_key', 'referral_date']) }}
),

with_previous as (
    select
        *,
        lag(referral_date) over (partition by area_code, person_key order by referral_date) as previous_referral_date
    from folded
),

final as (
    select
        {{ hash_key(['area_code', 'person_key', 'referral_date']) }} as referral_key,
        person_key,
        area_code,
        referral_date,
        referral_source,
        primary_need,
        coalesce(referral_nfa, false) as is_nfa,
        closure_date,
        closure_reason,
        initial_cpc_date,
        previous_referral_date,
        coalesce(previous_referral_date >= {{ add_months('referral_date', -12) }}, false) as is_within_12_months,
        period as census_year,
        submission_id,
        source_table,
        source_row
    from with_previous
)

select * from final
