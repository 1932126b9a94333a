with

table_counts as (
    select * from {{ source('pipeline', 'table_counts') }}
),

final as (
    select
        submission_id,
        {{ q('table') }} as table_name,
        received,
        accepted,
        rejected,
        set_aside
    from table_counts
)

select * from final
