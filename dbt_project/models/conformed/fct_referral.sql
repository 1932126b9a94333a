with

referrals as (
    select * from {{ ref('stg_council__cin_census__cin_details') }}
),

list_referrals as (
    select * from {{ ref('stg_council__annex_a__referrals') }}
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

listed as (
    {{ listed_since_census('list_referrals', 'referrals', 'referral_date') }}
),

list_folded as (
    select *
    from listed
    {{ newest_return_wins(['area_code', 'person_key', 'referral_date']) }}
),

said as (
    select
        'cin_census' as source,
        area_code,
        person_key,
        referral_date,
        referral_source,
        primary_need,
        coalesce(referral_nfa, false) as is_nfa,
        closure_date,
        closure_reason,
        initial_cpc_date,
        period as census_year,
        submission_id,
        source_table,
        source_row
    from folded
    union all
    select
        'annex_a' as source,
        area_code,
        person_key,
        referral_date,
        referral_source,
        cast(null as string) as primary_need,
        coalesce(referral_nfa = '1', false) as is_nfa,
        cast(null as date) as closure_date,
        cast(null as string) as closure_reason,
        cast(null as date) as initial_cpc_date,
        cast(null as string) as census_year,
        submission_id,
        source_table,
        source_row
    from list_folded
),

believed as (
    select *
    from said
    {{ believed_first('fct_referral', ['area_code', 'person_key', 'referral_date']) }}
),

with_previous as (
    select
        *,
        lag(referral_date) over (partition by area_code, person_key order by referral_date) as previous_referral_date
    from believed
),

final as (
    select
        {{ hash_key(['area_code', 'person_key', 'referral_date']) }} as referral_key,
        person_key,
        area_code,
        referral_date,
        referral_source,
        primary_need,
        is_nfa,
        closure_date,
        closure_reason,
        initial_cpc_date,
        previous_referral_date,
        coalesce(previous_referral_date >= {{ add_months('referral_date', -12) }}, false) as is_within_12_months,
        source,
        census_year,
        submission_id,
        source_table,
        source_row
    from with_previous
)

select * from final
