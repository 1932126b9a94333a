with attended as (
    select * from {{ ref('fct_training_booking') }}
    where status = 'ATTENDED'
)

{{ indicator_record(
    'WF01', 'attended',
    key='rec.booking_key',
    event_date='rec.course_date',
    person_key=none,
    agency='rec.agency_name',
    mode='rec.mode'
) }}
