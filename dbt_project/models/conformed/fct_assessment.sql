with

assessments as (
    select * from {{ ref('stg_council__cin_census__assessments') }}
),

list_assessments as (
    select * from {{ ref('stg_council__annex_a__assessments') }}
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

listed as (
    {{ listed_since_census('list_assessments', 'episodes', 'assessment_start_date') }}
),

list_folded as (
    select *
    from listed
    {{ newest_return_wins(['area_code', 'person_key', 'assessment_start_date']) }}
),

said as (
    select
        'cin_census' as source,
        area_code,
        person_key,
        referral_date,
        assessment_start_date,
        assessment_internal_review_date,
        assessment_authorisation_date,
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
        cast(null as date) as referral_date,
        assessment_start_date,
        cast(null as date) as assessment_internal_review_date,
        assessment_authorisation_date,
        cast(null as string) as census_year,
        submission_id,
        source_table,
        source_row
    from list_folded
),

believed as (
    select *
    from said
    {{ believed_first('fct_assessment', ['area_code', 'person_key', 'assessment_start_date']) }}
),

-- The list does not say which referral an assessment follows, so such a row has none and no working days.
final as (
    select
        {{ hash_key(['believed.area_code', 'believed.person_key', 'believed.assessment_start_date', 'believed.assessment_authorisation_date']) }}
            as assessment_key,
        case
            when believed.source = 'cin_census'
                then {{ hash_key(['believed.area_code', 'believed.person_key', 'believed.referral_date']) }}
        end as referral_key,
        believed.person_key,
        believed.area_code,
        believed.referral_date,
        believed.assessment_start_date,
        believed.assessment_internal_review_date,
        believed.assessment_authorisation_date as authorisation_date,
        {{ working_days('referral_day', 'authorisation_day') }} as working_days,
        believed.source,
        believed.census_year,
        believed.submission_id,
        believed.source_table,
        believed.source_row
    from believed
    left join days as referral_day
        on believed.referral_date = referral_day.date_day
    left join days as authorisation_day
        on believed.assessment_authorisation_date = authorisation_day.date_day
)

select * from final
