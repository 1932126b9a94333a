with

reviews as (
    select * from {{ ref('stg_partnership__incident_reviews__reviews') }}
),

calendar as (
    select * from {{ ref('dim_date') }}
),

-- The log is sent with everything not yet published, so an incident comes in many quarters' files: the newest knows most.
folded as (
    select *
    from reviews
    {{ newest_return_wins(['submitter', 'review_ref']) }}
),

counted as (
    select
        folded.*,
        {{ working_days('aware_days', 'notified_days') }} as working_days_to_notification,
        {{ working_days('notified_days', 'submitted_days') }} as working_days_to_review
    from folded
    left join calendar as aware_days
        on folded.aware_on = aware_days.date_day
    left join calendar as notified_days
        on folded.notified_on = notified_days.date_day
    left join calendar as submitted_days
        on folded.review_submitted_on = submitted_days.date_day
),

-- No council, no age: figures this small are never shown below the whole partnership, so there is nothing here to break them by.
final as (
    select
        {{ hash_key(['submitter', 'review_ref']) }} as review_key,
        aware_on,
        notified_on,
        panel_on,
        review_due_on,
        review_submitted_on,
        working_days_to_notification,
        coalesce(working_days_to_notification between 0 and {{ incident_notification_working_days() }}, false) as is_notified_in_time,
        working_days_to_review,
        coalesce(working_days_to_review between 0 and {{ rapid_review_working_days() }}, false) as is_review_in_time,
        outcome,
        practice_review_started_on,
        published_on,
        blockers,
        themes,
        submission_id,
        source_table,
        source_row
    from counted
)

select * from final
