with

submissions as (
    select * from {{ source('pipeline', 'submissions') }}
),

-- A receipt is written before the registry; should a crash leave two rows of one submission, the newest says how it ended.
final as (
    select
        submission_id,
        agency,
        extract,
        concat(agency, '/', extract) as extract_key,
        submitter,
        area_code,
        period,
        period_start,
        period_end,
        submission_no,
        received_at,
        due_on,
        status,
        reason_code,
        agreement_id,
        agreement_clause,
        rows_received,
        rows_accepted,
        rows_rejected,
        contract_version
    from submissions
    qualify row_number() over (partition by submission_id order by received_at desc, status) = 1
)

select * from final
