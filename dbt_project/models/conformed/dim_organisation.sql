with

code_list as (
    select * from {{ ref('code_list') }}
),

submitters as (
    select * from {{ ref('submitter') }}
),

areas as (
    select * from {{ ref('area') }}
),

partner_agencies as (
    select
        code as org_code,
        label as org_name,
        'partner_agency' as org_role,
        case
            when code in ('STAFFS_CC', 'STOKE_CC') then 'council'
            when code = 'POLICE' then 'police'
            when code in ('ICB', 'MPFT', 'UHNM', 'GP') then 'health'
            when code = 'SCHOOLS' then 'school'
            else 'other'
        end as agency,
        case code when 'STAFFS_CC' then 'E10000028' when 'STOKE_CC' then 'E06000021' end as area_code
    from code_list
    where code_list = 'partner_agency'
),

senders as (
    select
        submitter as org_code,
        submitter_title as org_name,
        'submitter' as org_role,
        agency,
        area_code
    from submitters
),

hub_years as (
    select
        code,
        label,
        from_year,
        to_year
    from code_list
    where code_list = 'hub'
),

-- One hub became two. The papers give years, not days, so a hub is valid from the first to the last day of the years of its code.
hubs as (
    select
        code as org_code,
        label as org_name,
        'hub' as org_role,
        'council' as agency,
        case code when 'MASH_STF' then 'E10000028' when 'MASH_SOT' then 'E06000021' else 'SCP_JOINT' end as area_code,
        case when from_year is not null then cast(concat(cast(from_year as string), '-01-01') as date) end as valid_from,
        case when to_year is not null then cast(concat(cast(to_year as string), '-12-31') as date) end as valid_to
    from hub_years
),

organisations as (
    select
        *,
        cast(null as date) as valid_from,
        cast(null as date) as valid_to
    from partner_agencies
    union all
    select
        *,
        cast(null as date) as valid_from,
        cast(null as date) as valid_to
    from senders
    union all
    select * from hubs
),

-- No other organisation has begun or ended since reporting started; a successor gets its own row and both get dates.
final as (
    select
        organisations.org_code,
        organisations.org_name,
        organisations.org_role,
        organisations.agency,
        organisations.area_code,
        organisations.valid_from,
        organisations.valid_to
    from organisations
    left join areas
        on organisations.area_code = areas.area_code
)

select * from final
