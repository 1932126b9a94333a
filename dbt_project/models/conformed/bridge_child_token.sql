with

sightings as (
    select * from {{ ref('int_child_sighting') }}
),

person_map as (
    select * from {{ ref('stg_identity__person_map') }}
),

tokens as (
    select distinct child_token from sightings
),

-- A token that the identity step has not seen yet is a person of its own, so the warehouse builds without that room.
final as (
    select
        tokens.child_token,
        coalesce(max(person_map.person_key), tokens.child_token) as person_key
    from tokens
    left join person_map
        on tokens.child_token = person_map.child_token
    group by tokens.child_token
)

select * from final
