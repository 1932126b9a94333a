with

candidates as (
    select * from {{ ref('int_missing_episode_candidate') }}
),

final as (
    select
        police_episode_key,
        council_episode_key,
        hours_apart
    from candidates
    qualify row_number() over (
        partition by police_episode_key
        order by hours_apart, council_episode_key
    ) = 1
)

select * from final
