with

police as (
    select * from {{ ref('fct_police_missing_episode') }}
),

council as (
    select * from {{ ref('fct_council_missing_episode') }}
),

pairs as (
    select
        police.episode_key as police_episode_key,
        council.episode_key as council_episode_key,
        police.person_key,
        police.area_code,
        abs({{ hours_between('police.missing_at', 'council.started_at') }}) as hours_apart
    from police
    inner join council
        on
            police.person_key = council.person_key
            and police.area_code = council.area_code
),

final as (
    select
        police_episode_key,
        council_episode_key,
        person_key,
        area_code,
        cast(hours_apart as double) as hours_apart
    from pairs
    where hours_apart <= 24
)

select * from final
