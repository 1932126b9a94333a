with

provider_referrals as (
    select * from {{ ref('stg_police__dash_marac__provider_referrals') }}
),

councils as (
    select * from {{ ref('area') }}
    where area_type = 'council'
),

folded as (
    select *
    from provider_referrals
    {{ newest_return_wins(['submitter', 'referral_ref']) }}
),

final as (
    select
        {{ hash_key(['folded.submitter', 'folded.referral_ref']) }} as referral_key,
        councils.area_code,
        folded.home_la,
        folded.service,
        folded.is_enquiry,
        folded.referred_by,
        folded.referred_on,
        folded.started_on,
        folded.started_on is not null as is_started,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
    left join councils
        on folded.home_la = cast(councils.la_code as string)
)

select * from final
