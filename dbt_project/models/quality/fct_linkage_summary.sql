with

counted as (
    select * from {{ ref('stg_identity__linkage_summary') }}
),

final as (
    select
        item,
        value as n
    from counted
)

select * from final
