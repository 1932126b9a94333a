with as_of as (
    {{ data_as_of('council/cin_census') }}
),

referral_days as (
    select distinct
        area_code,
        person_key,
        referral_date
    from {{ ref('fct_referral') }}
),

-- The nearest earlier day decides: if that one is older than a year, so are all the others.
-- Two referrals on one day are not a re-referral, so days are compared and not referrals.
earlier as (
    select
        *,
        lag(referral_date) over (partition by area_code, person_key order by referral_date) as earlier_date
    from referral_days
),

referrals as (
    select
        referral.*,
        earlier.earlier_date,
        {{ add_months('referral.referral_date', -12) }} as look_back_from,
        as_of.history_start
    from {{ ref('fct_referral') }} as referral
    left join earlier
        on
            referral.area_code = earlier.area_code
            and referral.person_key = earlier.person_key
            and referral.referral_date = earlier.referral_date
    left join as_of on referral.area_code = as_of.area_code
)

{{ indicator_record(
    'FD08', 'referrals',
    key='rec.referral_key',
    event_date='rec.referral_date',
    in_numerator='rec.earlier_date >= rec.look_back_from',
    excluded_because="case when rec.look_back_from < rec.history_start then 'history too short' end"
) }}
