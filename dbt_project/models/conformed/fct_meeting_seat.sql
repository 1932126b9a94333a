with

seats as (
    select * from {{ ref('stg_partnership__board_attendance__seats') }}
),

folded as (
    select *
    from seats
    {{ newest_return_wins(['submitter', 'meeting_group', 'meeting_date', 'agency_name']) }}
),

-- A board is one council's; the other groups are the whole partnership's and have no area.
final as (
    select
        {{ hash_key(['submitter', 'meeting_group', 'meeting_date', 'agency_name']) }} as seat_key,
        meeting_group,
        case meeting_group when 'BOARD_STAFFS' then 'E10000028' when 'BOARD_STOKE' then 'E06000021' end as area_code,
        meeting_date,
        agency_name,
        attendee_level,
        mode,
        apologies,
        coalesce(attendee_level <> 'NONE', false) as is_attended,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
