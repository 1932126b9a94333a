with

table_counts as (
    select * from {{ ref('stg_pipeline__table_counts') }}
),

submissions as (
    select * from {{ ref('fct_submission') }}
),

erased_rows as (
    select * from {{ ref('stg_pipeline__erased_rows') }}
),

erased as (
    select
        submission_id,
        table_name,
        sum(erased_accepted) as erased_accepted,
        sum(erased_rejected) as erased_rejected
    from erased_rows
    group by submission_id, table_name
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
        table_counts.set_aside,
        cast(coalesce(erased.erased_accepted, 0) as bigint) as erased_accepted,
        cast(coalesce(erased.erased_rejected, 0) as bigint) as erased_rejected
    from table_counts
    left join submissions
        on table_counts.submission_id = submissions.submission_id
    left join erased
        on
            table_counts.submission_id = erased.submission_id
            and table_counts.table_name = erased.table_name
)

select * from final
