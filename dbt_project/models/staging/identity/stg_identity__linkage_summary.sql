with

linkage_summary as (
    select * from {{ source('identity', 'linkage_summary') }}
),

final as (
    select
        item,
        value
    from linkage_summary
)

select * from final
