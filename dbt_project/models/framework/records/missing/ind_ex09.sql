with as_of as (
    {{ data_as_of('council/missing_and_return_interviews') }}
),

-- One police episode may lie near several council episodes; it agrees when at least one is within 24 hours.
agreed as (
    select distinct match.police_episode_key
    from {{ ref('bridge_missing_episode_match') }} as match
    where match.hours_apart <= 24
),

episodes as (
    select
        episode.*,
        agreed.police_episode_key is not null as is_agreed,
        -- A council that has sent nothing yet has no as-of: nothing can be said about its children.
        as_of.as_of is null or cast(episode.reported_at as date) > as_of.as_of as is_council_unknown
    from {{ ref('fct_police_missing_episode') }} as episode
    left join agreed on episode.episode_key = agreed.police_episode_key
    left join as_of on episode.area_code = as_of.area_code
    where
        episode.reported_at is not null
        and episode.area_code is not null
        and not episode.is_absent_category
)

{{ indicator_record(
    'EX09', 'episodes',
    key='rec.episode_key',
    event_date='cast(rec.reported_at as date)',
    in_numerator='rec.is_agreed',
    excluded_because="case when rec.is_council_unknown then 'council return not received' end"
) }}
