with

submissions as (
    select * from {{ ref('stg_pipeline__submissions') }}
),

current_submissions as (
    select submission_id from {{ ref('stg_pipeline__current_submissions') }}
),

final as (
    select
        submissions.submission_id,
        submissions.agency,
        submissions.extract,
        submissions.extract_key,
        submissions.submitter,
        submissions.area_code,
        submissions.period,
        submissions.period_start,
        submissions.period_end,
        submissions.submission_no,
        submissions.received_at,
        cast(submissions.received_at as date) as received_on,
        submissions.due_on,
        submissions.status,
        submissions.reason_code,
        current_submissions.submission_id is not null as is_current,
        submissions.agreement_id,
        submissions.agreement_clause,
        submissions.rows_received,
        submissions.rows_accepted,
        submissions.rows_rejected,
        submissions.contract_version
    from submissions
    left join current_submissions
        on submissions.submission_id = current_submissions.submission_id
)

select * from final
