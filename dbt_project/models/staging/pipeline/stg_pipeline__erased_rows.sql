with

erased_rows as (
    select * from {{ source('pipeline', 'erased_rows') }}
),

final as (
    select
        submission_id,
        {{ q('table') }} as table_name,
        case_id,
        accepted as erased_accepted,
        rejected as erased_rejected,
        erased_on
    from erased_rows
)

select * from final
