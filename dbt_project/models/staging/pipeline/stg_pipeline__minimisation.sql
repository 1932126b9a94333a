with

minimisation as (
    select * from {{ source('pipeline', 'minimisation') }}
),

final as (
    select
        submission_id,
        {{ q('table') }} as table_name,
        {{ q('column') }} as column_name,
        action,
        cells
    from minimisation
)

select * from final
