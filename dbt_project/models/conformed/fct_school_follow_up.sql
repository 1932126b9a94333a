with

conversations as (
    select
        *,
        {{ year_id('raised_on', 9) }} as academic_year
    from {{ ref('stg_school__follow_up__conversations') }}
),

current_numbers as (
    select * from {{ ref('bridge_school_urn') }}
),

calendar as (
    select * from {{ ref('dim_date') }}
),

-- The log is sent with everything still open, so a conversation comes in several terms' files: the newest one knows most.
folded as (
    select *
    from conversations
    {{ newest_return_wins(['area_code', 'conversation_ref']) }}
),

counted as (
    select
        folded.*,
        coalesce(current_numbers.school_urn, folded.school_urn) as current_urn,
        {{ working_days('raised_days', 'contact_days') }} as working_days_to_contact
    from folded
    left join current_numbers
        on
            folded.academic_year = current_numbers.academic_year
            and folded.area_code = current_numbers.area_code
            and folded.school_urn = current_numbers.sent_urn
    left join calendar as raised_days
        on folded.raised_on = raised_days.date_day
    left join calendar as contact_days
        on folded.contacted_on = contact_days.date_day
),

final as (
    select
        {{ hash_key(['area_code', 'conversation_ref']) }} as follow_up_key,
        area_code,
        academic_year,
        current_urn as school_urn,
        school_urn as sent_urn,
        reason,
        raised_on,
        due_on,
        contacted_on,
        contact_role,
        outcome,
        closed_on,
        working_days_to_contact,
        coalesce(working_days_to_contact <= {{ follow_up_working_days() }}, false) as is_contacted_in_time,
        submission_id,
        source_table,
        source_row
    from counted
)

select * from final
