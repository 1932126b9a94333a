with as_of as (
    {{ data_as_of('health/looked_after_health_assessments') }}
),

days as (
    select date_day, working_day_number from {{ ref('dim_date') }}
),

initial as (
    select * from {{ ref('fct_health_assessment') }}
    where
        assessment_type = 'IHA'
        and entered_care_on is not null
),

-- The 20th working day after entry lies after a date exactly when fewer than 20 working days fit in between.
assessments as (
    select
        initial.*,
        (
            initial.done_on is null
            and left_care.working_day_number - entered.working_day_number < 20
        ) as is_left_before_due,
        known.working_day_number - entered.working_day_number < 20 as is_too_recent
    from initial
    cross join as_of
    left join days as entered on initial.entered_care_on = entered.date_day
    left join days as left_care on initial.left_care_on = left_care.date_day
    left join days as known on as_of.as_of = known.date_day
)

{{ indicator_record(
    'CC07', 'assessments',
    key='rec.assessment_key',
    event_date='rec.entered_care_on',
    in_numerator='rec.working_days_to_done <= 20',
    excluded_because="case when rec.is_left_before_due then 'left care before it was due' when rec.is_too_recent then 'too recent to know' end"
) }}
