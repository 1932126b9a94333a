with

types as (
    select * from {{ ref('stg_published__gias_establishment_types__types') }}
),

folded as (
    select *
    from types
    {{ newest_return_wins(['type_code']) }}
),

final as (
    select
        type_code,
        type_name,
        group_code,
        group_name,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
