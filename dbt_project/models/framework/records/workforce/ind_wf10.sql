with seats as (
    select * from {{ ref('fct_meeting_seat') }}
)

{{ indicator_record(
    'WF10', 'seats',
    key='rec.seat_key',
    event_date='rec.meeting_date',
    person_key=none,
    agency='rec.agency_name',
    in_numerator="rec.attendee_level in ('LEAD', 'DELEGATE')"
) }}
