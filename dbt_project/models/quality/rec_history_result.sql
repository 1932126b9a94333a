with

rules as (
    select * from {{ ref('history_rule') }}
),

submissions as (
    select * from {{ ref('stg_pipeline__current_submissions') }}
),

table_counts as (
    select * from {{ ref('stg_pipeline__table_counts') }}
),

findings as (
    select
        submission_id,
        rule_id,
        count(*) as failed
    from {{ ref('rec_history_finding') }}
    group by submission_id, rule_id
),

-- A return can be held against the past where the same council's return of the year before is there.
compared as (
    select
        now.submission_id,
        now.agency,
        now.extract,
        now.submitter,
        now.period,
        now.period_end,
        count(before.submission_id) as returns_before
    from submissions as now
    left join submissions as before
        on
            now.extract = before.extract
            and now.agency = before.agency
            and now.submitter = before.submitter
            and before.period_end = {{ add_months('now.period_end', -12) }}
    group by now.submission_id, now.agency, now.extract, now.submitter, now.period, now.period_end
),

final as (
    select
        compared.submission_id,
        compared.agency,
        compared.extract,
        rules.table_name,
        compared.submitter,
        compared.period,
        rules.rule_id,
        'history' as rule_kind,
        rules.column_name,
        rules.severity,
        rules.fixes,
        rules.says,
        cast(case when compared.returns_before > 0 then coalesce(table_counts.accepted, 0) else 0 end as bigint) as checked,
        cast(coalesce(findings.failed, 0) as bigint) as failed,
        cast(null as bigint) as gx_failed,
        case
            when coalesce(findings.failed, 0) > 0 then 'failed'
            when compared.returns_before > 0 and coalesce(table_counts.accepted, 0) > 0 then 'passed'
            else 'not_applicable'
        end as outcome
    from compared
    inner join rules
        on
            compared.agency = rules.agency
            and compared.extract = rules.extract
    left join table_counts
        on
            compared.submission_id = table_counts.submission_id
            and rules.table_name = table_counts.table_name
    left join findings
        on
            compared.submission_id = findings.submission_id
            and rules.rule_id = findings.rule_id
)

select * from final
