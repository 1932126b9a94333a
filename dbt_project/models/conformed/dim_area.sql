with

areas as (
    select * from {{ ref('area') }}
),

-- Lower tier to upper tier, ONS lookup of April 2023. Stoke-on-Trent is a district of its own and stands among the councils.
districts as (
    select * from {{ ref('district') }}
),

population as (
    select * from {{ ref('stg_published__ons_population__population') }}
),

referrals as (
    select * from {{ ref('stg_published__dfe_children_in_need__referrals') }}
),

named as (
    select geographic_level, region_code, region_name, old_la_code, new_la_code, la_name, time_period
    from population
    union all
    select geographic_level, region_code, region_name, old_la_code, new_la_code, la_name, time_period
    from referrals
),

-- Other authorities and regions are known by what the DfE and ONS publish about them; their latest name wins.
published as (
    select
        case when geographic_level = 'Regional' then region_code else new_la_code end as area_code,
        case when geographic_level = 'Regional' then region_name else la_name end as area_name,
        case when geographic_level = 'Regional' then 'region' else 'other' end as area_type,
        case when geographic_level = 'Regional' then null else old_la_code end as la_code,
        region_code,
        time_period
    from named
    where geographic_level in ('Regional', 'Local authority')
),

newest as (
    select
        area_code,
        max_by(area_name, time_period) as area_name,
        max_by(area_type, time_period) as area_type,
        max_by(la_code, time_period) as la_code,
        max_by(region_code, time_period) as region_code,
        cast(max(time_period) as bigint) as last_named_year
    from published
    where area_code is not null
    group by area_code
),

final as (
    select
        area_code,
        area_name,
        area_type,
        cast(la_code as string) as la_code,
        region_code,
        cast(null as string) as parent_area_code,
        cast(null as bigint) as last_named_year
    from areas
    union all
    select
        districts.district_code as area_code,
        districts.district_name as area_name,
        'district' as area_type,
        cast(null as string) as la_code,
        areas.region_code,
        districts.parent_area_code,
        cast(null as bigint) as last_named_year
    from districts
    inner join areas
        on districts.parent_area_code = areas.area_code
    union all
    select
        newest.area_code,
        newest.area_name,
        newest.area_type,
        newest.la_code,
        newest.region_code,
        cast(null as string) as parent_area_code,
        newest.last_named_year
    from newest
    left join areas
        on newest.area_code = areas.area_code
    left join districts
        on newest.area_code = districts.district_code
    where areas.area_code is null and districts.district_code is null
)

select * from final
