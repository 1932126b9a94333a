with

bookings as (
    select * from {{ ref('stg_health__maternity__bookings') }}
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
    from bookings
    {{ newest_return_wins(['submitter', 'booking_ref']) }}
),

final as (
    select
        {{ hash_key(['folded.submitter', 'folded.booking_ref']) }} as booking_key,
        tokens.person_key,
        councils.area_code,
        folded.home_la,
        folded.provider,
        folded.booked_on,
        folded.gestation_weeks,
        folded.concealed as is_concealed,
        cast(
            case when folded.domestic_abuse then 1 else 0 end
            + case when folded.substance_misuse then 1 else 0 end
            + case when folded.mental_health then 1 else 0 end
            + case when folded.learning_disability then 1 else 0 end
            + case when folded.young_mother then 1 else 0 end
            + case when folded.care_experienced then 1 else 0 end
            + case when folded.previous_removal then 1 else 0 end
            as bigint
        ) as vulnerabilities,
        folded.domestic_abuse,
        folded.substance_misuse,
        folded.mental_health,
        folded.learning_disability,
        folded.young_mother,
        folded.care_experienced,
        folded.previous_removal,
        folded.pre_birth_referral,
        folded.pre_birth_referred_on,
        folded.expected_birth_date as expected_birth_month,
        folded.birth_date is not null as is_born,
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
