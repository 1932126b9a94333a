with

person_map as (
    select * from {{ source('identity', 'person_map') }}
),

final as (
    select
        child_token,
        person_key
    from person_map
)

select * from final
