with

findings as (
    select * from {{ source('pipeline', 'findings') }}
),

final as (
    select
        submission_id,
        {{ q('table') }} as table_name,
        {{ q('row') }} as source_row,
        line as source_line,
        {{ q('column') }} as column_name,
        rule_id,
        severity
    from findings
)

select * from final
