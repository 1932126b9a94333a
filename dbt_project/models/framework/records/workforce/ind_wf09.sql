with seats as (
    select * from {{ ref('fct_meeting_seat') }}
)

{{ indicator_record(
    'WF09', 'seats',
    key='rec.seat_key',
    event_date='rec.meeting_date',
    person_key=none,
    agency='rec.agency_name',
    mode='rec.mode',
    in_numerator="rec.attendee_level <> 'NONE'"
) }}
