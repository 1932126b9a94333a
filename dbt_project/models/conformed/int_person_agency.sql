-- How many agencies know each child: what "matched across agencies" rests on.
with

sightings as (
    select * from {{ ref('int_child_sighting') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

final as (
    select
        tokens.person_key,
        count(distinct sightings.source) as n_agencies
    from sightings
    inner join tokens
        on sightings.child_token = tokens.child_token
    group by tokens.person_key
)

select * from final
