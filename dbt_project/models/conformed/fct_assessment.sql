with

assessments as (
    select * from {{ ref('stg_council__cin_census__assessments') }}
),

episodes as (
    select * from {{ ref('stg_council__cin_census__cin_details') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

days as (
    select * from {{ ref('dim_date') }}
),

identified as (
    select
        assessments.*,
        tokens.person_key,
        episodes.referral_date
    from assessments
    left join episodes
        on
            assessments.submission_id = episodes.submission_id
            and assessments.parent_row = episodes.source_row
    left join tokens
        on assessments.child_token = tokens.child_token
),

-- The newest census that knows an assessment speaks for it; should that census hold two of the same start, both stay.
folded as (
    select *
    from identified
    qualify
        rank() over (
            partition by area_code, person_key, assessment_start_date
            order by period_end desc, received_at desc, submission_id desc
        ) = 1
        and row_number() over (
            partition by submission_id, person_key, assessment_start_date, assessment_authorisation_date
            order by source_row
        ) = 1
),

final as (
    select
        {{ hash_key(['folded.area_code', 'folded.person_key', 'folded.assessment_start_date', 'folded.assessment_authorisation_date']) }}
            as assessment_key,
        {{ hash_key(['folded.area_code', 'folded.person_key', 'folded.referral_date']) }} as referral_key,
        folded.person_key,
        folded.area_code,
        folded.referral_date,
        folded.assessment_start_date,
        folded.assessment_internal_review_date,
        folded.assessment_authorisation_date as authorisation_date,
        {{ working_days('referral_day', 'authorisation_day') }} as working_days,
        folded.period as census_year,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
    left join days as referral_day
        on folded.referral_date = referral_day.date_day
    left join days as authorisation_day
        on folded.assessment_authorisation_date = authorisation_day.date_day
)

select * from final
