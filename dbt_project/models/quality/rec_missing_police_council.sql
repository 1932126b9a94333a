with

police as (
    select * from {{ ref('fct_police_missing_episode') }}
),

council as (
    select * from {{ ref('fct_council_missing_episode') }}
),

candidates as (
    select * from {{ ref('int_missing_episode_candidate') }}
),

data_as_of as (
    select * from {{ ref('dim_data_as_of') }}
),

council_as_of as (
    select area_code, max(as_of) as as_of
    from data_as_of
    where extract_key = 'council/missing_and_return_interviews'
    group by area_code
),

police_as_of as (
    select max(as_of) as as_of
    from data_as_of
    where extract_key = 'police/missing_episodes'
),

-- A gap is only a gap where the other side's return covers the day; before that nobody can know.
police_only as (
    select
        'police_only' as gap,
        police.area_code,
        police.person_key,
        police.episode_key,
        police.missing_at as started_at,
        police.located_at as ended_at,
        police.submission_id,
        police.source_table,
        police.source_row
    from police
    inner join council_as_of
        on police.area_code = council_as_of.area_code
    left join candidates
        on police.episode_key = candidates.police_episode_key
    where
        candidates.police_episode_key is null
        and not police.is_absent_category
        and cast(police.missing_at as date) <= council_as_of.as_of
),

council_only as (
    select
        'council_only' as gap,
        council.area_code,
        council.person_key,
        council.episode_key,
        council.started_at,
        council.returned_at as ended_at,
        council.submission_id,
        council.source_table,
        council.source_row
    from council
    cross join police_as_of
    left join candidates
        on council.episode_key = candidates.council_episode_key
    where
        candidates.council_episode_key is null
        and council.missing_type = 'M'
        and cast(council.started_at as date) <= police_as_of.as_of
),

final as (
    select * from police_only
    union all
    select * from council_only
)

select * from final
