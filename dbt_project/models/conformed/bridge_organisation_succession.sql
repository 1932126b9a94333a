with

succession as (
    select * from {{ ref('organisation_succession') }}
),

-- A day is known only where both ends of the window are the same day; otherwise the change lies somewhere in the window.
final as (
    select
        {{ hash_key(['predecessor_code', 'successor_code']) }} as succession_key,
        predecessor_code,
        successor_code,
        change,
        cast(changed_from as date) as changed_earliest,
        cast(changed_to as date) as changed_latest,
        case when changed_from = changed_to then cast(changed_from as date) end as changed_on,
        source
    from succession
)

select * from final
