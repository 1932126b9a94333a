with

evaluations as (
    select * from {{ ref('stg_partnership__training_evaluation__evaluations') }}
),

-- A form is sent again with its answer once it has come: the newest file knows most.
folded as (
    select *
    from evaluations
    {{ newest_return_wins(['submitter', 'booking_id', 'months_after']) }}
),

final as (
    select
        {{ hash_key(['submitter', 'booking_id', 'months_after']) }} as evaluation_key,
        {{ hash_key(['submitter', 'booking_id']) }} as booking_key,
        agency_name,
        course,
        course_date,
        cast(months_after as bigint) as months_after,
        sent_on,
        answered_on,
        case when score between 1 and 5 then score end as score, -- kept by the gate with a warning, but no score
        practice_changed,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
