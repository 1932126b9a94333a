with

children as (
    select * from {{ ref('stg_council__cin_census__children') }}
),

council_missing as (
    select * from {{ ref('stg_council__missing_and_return_interviews__episodes') }}
),

police_missing as (
    select * from {{ ref('stg_police__missing_episodes__episodes') }}
),

health_assessments as (
    select * from {{ ref('stg_health__looked_after_health_assessments__assessments') }}
),

person_map as (
    select * from {{ ref('stg_identity__person_map') }}
),

tokens as (
    select child_token from children
    union
    select child_token from council_missing
    union
    select child_token from police_missing
    union
    select child_token from health_assessments
),

-- A token that the identity step has not seen yet is a person of its own, so the warehouse builds without that room.
final as (
    select
        tokens.child_token,
        coalesce(max(person_map.person_key), tokens.child_token) as person_key
    from tokens
    left join person_map
        on tokens.child_token = person_map.child_token
    where tokens.child_token is not null
    group by tokens.child_token
)

select * from final
