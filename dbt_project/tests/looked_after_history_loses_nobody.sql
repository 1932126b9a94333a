-- Every reported row of an episode of care counts, or has a named reason and a row that counts instead; every child of every
-- return is in the history.
with

sightings as (
    select * from {{ ref('int_looked_after_episode_sighting') }}
),

episodes as (
    select * from {{ ref('fct_looked_after_episode') }}
),

repairs as (
    select * from {{ ref('fct_looked_after_episode_repair') }}
),

lost_rows as (
    select sightings.sighting_key
    from sightings
    left join episodes
        on
            sightings.submission_id = episodes.submission_id
            and sightings.source_row = episodes.source_row
    left join repairs
        on
            sightings.submission_id = repairs.submission_id
            and sightings.source_row = repairs.source_row
            and repairs.action = 'row_dropped'
            and repairs.because_of_source_row is not null
    where (case when episodes.episode_key is not null then 1 else 0 end) + (case when repairs.repair_key is not null then 1 else 0 end) <> 1
),

lost_children as (
    select distinct sightings.person_key
    from sightings
    left join episodes
        on
            sightings.submitter = episodes.submitter
            and sightings.person_key = episodes.person_key
    where episodes.person_key is null
)

select sighting_key as lost from lost_rows
union all
select person_key as lost from lost_children
