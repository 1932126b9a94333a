with

bookings as (
    select * from {{ ref('stg_partnership__training_attendance__bookings') }}
),

councils as (
    select * from {{ ref('area') }}
    where area_type = 'council'
),

folded as (
    select *
    from bookings
    {{ newest_return_wins(['submitter', 'booking_id']) }}
),

final as (
    select
        {{ hash_key(['folded.submitter', 'folded.booking_id']) }} as booking_key,
        folded.agency_name,
        councils.area_code,
        folded.course,
        folded.level,
        folded.course_date,
        folded.mode,
        folded.role,
        folded.status,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
    left join councils
        on folded.council_area = cast(councils.la_code as string)
)

select * from final
