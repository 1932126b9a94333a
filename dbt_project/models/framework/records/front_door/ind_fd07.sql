with referrals as (
    select * from {{ ref('fct_referral') }}
)

{{ indicator_record(
    'FD07', 'referrals',
    key='rec.referral_key',
    event_date='rec.referral_date',
    in_denominator='false'
) }}
