with

results as (
    select * from {{ ref('stg_pipeline__quality_results') }}
),

submissions as (
    select * from {{ ref('fct_submission') }}
),

final as (
    select
        {{ hash_key(['results.submission_id', 'results.table_name', 'results.rule_id', 'results.column_name']) }} as quality_result_key,
        results.submission_id,
        results.agency,
        results.extract,
        results.table_name,
        results.submitter,
        submissions.area_code,
        results.period,
        submissions.period_start,
        submissions.period_end,
        coalesce(submissions.is_current, false) as is_current,
        results.rule_id,
        results.rule_kind,
        results.column_name,
        results.severity,
        results.fixes,
        results.says,
        results.checked,
        results.failed,
        results.gx_failed,
        results.outcome
    from results
    left join submissions
        on results.submission_id = submissions.submission_id
)

select * from final
