with assessments as (
    select * from {{ ref('fct_assessment') }}
    where authorisation_date is not null
)

-- The clock starts at the referral, not at the assessment's own start.
{{ indicator_record(
    'AS01', 'assessments',
    key='rec.assessment_key',
    event_date='rec.authorisation_date',
    in_numerator='rec.working_days <= 45'
) }}
