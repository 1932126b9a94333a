{{ config(materialized='table') }}

with

restricted_token as (
    select * from {{ source('identity', 'restricted_token') }}
),

final as (
    select child_token
    from restricted_token
)

select * from final
