with

gate_results as (
    select * from {{ ref('stg_pipeline__quality_results') }}
),

history_results as (
    select * from {{ ref('rec_history_result') }}
),

submissions as (
    select * from {{ ref('fct_submission') }}
),

-- What the gate judged in one delivery, and what only the returns of several years can say.
quality_results as (
    {% for source in ['gate_results', 'history_results'] %}
    select
        submission_id,
        agency,
        extract,
        table_name,
        submitter,
        period,
        rule_id,
        rule_kind,
        column_name,
        severity,
        fixes,
        says,
        checked,
        failed,
        gx_failed,
        outcome
    from {{ source }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- A finding about the file may come up several times with one code (two unknown columns, say); each stays.
counted as (
    select
        *,
        row_number() over (
            partition by submission_id, table_name, rule_kind, rule_id, column_name
            order by says, checked, failed
        ) as occurrence
    from quality_results
),

final as (
    select
        {{ hash_key(['results.submission_id', 'results.table_name', 'results.rule_kind', 'results.rule_id', 'results.column_name', 'results.occurrence']) }}
            as quality_result_key,
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
    from counted as results
    left join submissions
        on results.submission_id = submissions.submission_id
)

select * from final
