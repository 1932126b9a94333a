with

seats as (
    select * from {{ ref('stg_council__conference_attendance__attendance') }}
),

folded as (
    select *
    from seats
    {{ newest_return_wins(['area_code', 'conference_id', 'agency_name']) }}
),

-- Apologies are not attendance. The denominator is agencies with a part to play that were invited; nothing else is.
final as (
    select
        {{ hash_key(['area_code', 'conference_id', 'agency_name']) }} as conference_attendance_key,
        {{ hash_key(['area_code', 'conference_id']) }} as conference_key,
        area_code,
        conference_type,
        conference_date,
        recorded_on,
        agency_name,
        active_role as has_active_role,
        invited as is_invited,
        coalesce(active_role and invited, false) as is_expected,
        attended,
        attended = 'ATTENDED' as is_attended,
        report_due_on,
        report_received_on,
        case
            when report_due_on is not null
                then coalesce(report_received_on <= report_due_on, false)
        end as is_report_in_time,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
