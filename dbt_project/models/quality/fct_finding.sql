with

gate_findings as (
    select * from {{ ref('stg_pipeline__findings') }}
),

history_findings as (
    select * from {{ ref('rec_history_finding') }}
),

findings as (
    select
        submission_id,
        table_name,
        source_row,
        source_line,
        column_name,
        rule_id,
        severity
    from gate_findings

    union all

    select
        submission_id,
        table_name,
        source_row,
        cast(null as bigint) as source_line,
        column_name,
        rule_id,
        severity
    from history_findings
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
