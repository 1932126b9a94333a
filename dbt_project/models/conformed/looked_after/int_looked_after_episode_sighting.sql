with

episodes as (
    select * from {{ ref('stg_council__ssda903__episodes') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

final as (
    select
        {{ hash_key(['episodes.submission_id', 'episodes.source_row']) }} as sighting_key,
        episodes.submitter,
        episodes.area_code,
        tokens.person_key,
        episodes.period,
        episodes.period_end,
        episodes.episode_started_on as started_on,
        episodes.reason_new_episode,
        episodes.legal_status,
        episodes.category_of_need,
        episodes.placement,
        episodes.placement_provider,
        -- XXXXXX stands for a placement without a number: known, and no number.
        case when episodes.placement_urn not like 'XXXXXX%' then episodes.placement_urn end as placement_urn,
        episodes.placement_la,
        episodes.placement_location,
        episodes.placement_distance,
        episodes.reason_place_change,
        episodes.episode_ceased_on as reported_ended_on,
        episodes.reason_episode_ceased as reported_end_reason,
        episodes.submission_id,
        episodes.source_table,
        episodes.source_row
    from episodes
    inner join tokens
        on episodes.child_token = tokens.child_token
)

select * from final
