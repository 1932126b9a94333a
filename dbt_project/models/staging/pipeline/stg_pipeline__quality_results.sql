with

quality_results as (
    select * from {{ source('pipeline', 'quality_results') }}
),

final as (
    select
        submission_id,
        agency,
        extract,
        {{ q('table') }} as table_name,
        submitter,
        period,
        rule_id,
        rule_kind,
        {{ q('column') }} as column_name,
        severity,
        fixes,
        says,
        checked,
        failed,
        gx_failed,
        outcome
    from quality_results
)

select * from final
