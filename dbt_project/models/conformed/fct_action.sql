with

actions as (
    select * from {{ ref('stg_partnership__action_tracker__actions') }}
),

folded as (
    select *
    from actions
    {{ newest_return_wins(['submitter', 'action_ref']) }}
),

-- Done in time takes the evidence too: an action that is said to be done and that nobody has seen is not done yet.
final as (
    select
        {{ hash_key(['submitter', 'action_ref']) }} as action_key,
        action_source,
        source_ref,
        agency_name,
        agreed_on,
        due_on,
        action_status,
        rag,
        evidence_seen,
        closed_on,
        period_end as position_on,
        coalesce(
            action_status = 'DONE' and evidence_seen and closed_on <= due_on, false
        ) as is_done_in_time_with_evidence,
        coalesce(action_status in ('NOT_STARTED', 'OPEN') and due_on < period_end, false) as is_overdue,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
