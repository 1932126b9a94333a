with

table_counts as (
    select * from {{ ref('stg_pipeline__table_counts') }}
),

submissions as (
    select * from {{ ref('fct_submission') }}
),

final as (
    select
        {{ hash_key(['table_counts.submission_id', 'table_counts.table_name']) }} as table_count_key,
        table_counts.submission_id,
        submissions.agency,
        submissions.extract,
        submissions.submitter,
        submissions.area_code,
        submissions.period,
        submissions.period_end,
        submissions.status,
        coalesce(submissions.is_current, false) as is_current,
        table_counts.table_name,
        table_counts.received,
        table_counts.accepted,
        table_counts.rejected,
        table_counts.set_aside
    from table_counts
    left join submissions
        on table_counts.submission_id = submissions.submission_id
)

select * from final
