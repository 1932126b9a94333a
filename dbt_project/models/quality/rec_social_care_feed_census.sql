with

feed as (
    select * from {{ ref('fct_social_care_episode_feed') }}
),

census as (
    select * from {{ ref('fct_referral') }}
),

data_as_of as (
    select * from {{ ref('dim_data_as_of') }}
),

census_as_of as (
    select area_code, max(as_of) as as_of
    from data_as_of
    where extract_key = 'council/cin_census'
    group by area_code
),

first_referral as (
    select area_code, min(referral_date) as first_date
    from census
    group by area_code
),

feed_from as (
    select area_code, max(as_at) as as_at
    from feed
    group by area_code
),

known_to_feed as (
    select distinct area_code, person_key
    from feed
),

-- A gap is only a gap where the other source covers the day.
feed_only as (
    select
        'feed_only' as gap,
        feed.area_code,
        feed.person_key,
        feed.referral_date,
        feed.feed_episode_key as source_key,
        feed.submission_id,
        feed.source_table,
        feed.source_row
    from feed
    inner join census_as_of
        on feed.area_code = census_as_of.area_code
    inner join first_referral
        on feed.area_code = first_referral.area_code
    left join census
        on
            feed.area_code = census.area_code
            and feed.person_key = census.person_key
            and feed.referral_date = census.referral_date
    where
        census.referral_key is null
        and feed.referral_date between first_referral.first_date and census_as_of.as_of
),

census_only as (
    select
        'census_only' as gap,
        census.area_code,
        census.person_key,
        census.referral_date,
        census.referral_key as source_key,
        census.submission_id,
        census.source_table,
        census.source_row
    from census
    inner join known_to_feed
        on
            census.area_code = known_to_feed.area_code
            and census.person_key = known_to_feed.person_key
    left join feed
        on
            census.area_code = feed.area_code
            and census.person_key = feed.person_key
            and census.referral_date = feed.referral_date
    where feed.feed_episode_key is null
),

-- Closed in one and open in the other: only where the census closed it before the feed was made, or the feed before the census ended.
closure_differs as (
    select
        'closure_differs' as gap,
        feed.area_code,
        feed.person_key,
        feed.referral_date,
        feed.feed_episode_key as source_key,
        feed.submission_id,
        feed.source_table,
        feed.source_row
    from feed
    inner join census
        on
            feed.area_code = census.area_code
            and feed.person_key = census.person_key
            and feed.referral_date = census.referral_date
    inner join census_as_of
        on feed.area_code = census_as_of.area_code
    inner join feed_from
        on feed.area_code = feed_from.area_code
    where
        coalesce(feed.closure_date, cast('9999-12-31' as date)) <> coalesce(census.closure_date, cast('9999-12-31' as date))
        and (census.closure_date <= feed_from.as_at or feed.closure_date <= census_as_of.as_of)
),

final as (
    select * from feed_only
    union all
    select * from census_only
    union all
    select * from closure_differs
)

select * from final
