with

findings as (
    select * from {{ ref('stg_pipeline__findings') }}
),

submissions as (
    select * from {{ ref('fct_submission') }}
),

final as (
    select
        findings.submission_id,
        submissions.agency,
        submissions.extract,
        submissions.submitter,
        submissions.area_code,
        submissions.period,
        coalesce(submissions.is_current, false) as is_current,
        findings.table_name,
        findings.source_row,
        findings.source_line,
        findings.column_name,
        findings.rule_id,
        findings.severity
    from findings
    left join submissions
        on findings.submission_id = submissions.submission_id
)

select * from final
