-- From when to when an indicator's data reach, in each area that is reported on.
with indicators as (
    select * from {{ ref('dim_indicator') }}
),

sources as (
    select * from {{ ref('bridge_indicator_source') }}
),

areas as (
    select * from {{ ref('dim_area') }}
    where area_type in ('council', 'joint')
),

data_as_of as (
    select * from {{ ref('dim_data_as_of') }}
),

overall as (
    select as_of
    from data_as_of
    where extract_key = 'all'
),

-- Who must send the extract for the area: the area's own organisation, or one that covers the whole partnership.
-- For the whole partnership it is everybody, and the one who has sent least decides.
expected as (
    select distinct
        concat(agency, '/', extract) as extract_key,
        submitter,
        area_code
    from {{ ref('fct_expected_return') }}
),

by_source as (
    select
        indicators.indicator_id,
        areas.area_code,
        sources.extract_key,
        max(data_as_of.history_start) as history_start,
        case when count(*) = count(data_as_of.as_of) then min(data_as_of.as_of) end as as_of
    from indicators
    inner join sources on indicators.indicator_id = sources.indicator_id
    cross join areas
    inner join expected
        on
            sources.extract_key = expected.extract_key
            and (expected.area_code is null or areas.area_type = 'joint' or expected.area_code = areas.area_code)
    left join data_as_of
        on
            expected.extract_key = data_as_of.extract_key
            and expected.submitter = data_as_of.submitter
    where indicators.reach = 'sources'
    group by indicators.indicator_id, areas.area_code, sources.extract_key
),

from_sources as (
    select
        indicator_id,
        area_code,
        max(history_start) as history_start,
        case when count(*) = count(as_of) then min(as_of) end as as_of
    from by_source
    group by indicator_id, area_code
),

-- Indicators about the returns themselves reach to the day on which the last one came in.
from_receipts as (
    select
        indicators.indicator_id,
        areas.area_code,
        cast(null as date) as history_start,
        overall.as_of
    from indicators
    cross join areas
    cross join overall
    where indicators.reach = 'received'
)

select * from from_sources
union all
select * from from_receipts
