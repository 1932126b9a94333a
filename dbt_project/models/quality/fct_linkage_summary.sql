with

counted as (
    select * from {{ ref('stg_identity__linkage_summary') }}
),

final as (
    select
        item,
        value as n
    from counted
    -- How much of it was new is about the run, not about the children: the same returns must give the same warehouse.
    where item <> 'records_new'
)

select * from final
