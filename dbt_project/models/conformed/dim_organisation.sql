with

code_list as (
    select * from {{ ref('code_list') }}
),

submitters as (
    select * from {{ ref('submitter') }}
),

others as (
    select * from {{ ref('organisation') }}
),

succession as (
    select * from {{ ref('bridge_organisation_succession') }}
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

hubs as (
    select
        code as org_code,
        label as org_name,
        'hub' as org_role,
        'council' as agency,
        case code when 'MASH_STF' then 'E10000028' when 'MASH_SOT' then 'E06000021' else 'SCP_JOINT' end as area_code
    from code_list
    where code_list = 'hub'
),

-- Boards, and bodies that exist no more: nobody sends their code, so no code list has it.
boards_and_former as (
    select
        org_code,
        org_name,
        org_role,
        agency,
        area_code
    from others
),

organisations as (
    select * from partner_agencies
    union all
    select * from senders
    union all
    select * from hubs
    union all
    select * from boards_and_former
),

begun as (
    select
        successor_code as org_code,
        max(changed_on) as valid_from,
        min(changed_earliest) as valid_from_earliest,
        max(changed_latest) as valid_from_latest,
        case when count(*) = 1 then min(predecessor_code) end as predecessor_code,
        count(*) as predecessors
    from succession
    group by successor_code
),

ended as (
    select
        predecessor_code as org_code,
        max(changed_on) as changed_on,
        min(changed_earliest) as valid_to_earliest,
        max(changed_latest) as valid_to_latest,
        case when count(*) = 1 then min(successor_code) end as successor_code,
        count(*) as successors
    from succession
    group by predecessor_code
),

-- A successor is another organisation with a code of its own, so a series breaks at a split or merger and is never joined silently.
final as (
    select
        organisations.org_code,
        organisations.org_name,
        organisations.org_role,
        organisations.agency,
        organisations.area_code,
        begun.valid_from,
        {{ add_days('ended.changed_on', -1) }} as valid_to,
        begun.valid_from_earliest,
        begun.valid_from_latest,
        ended.valid_to_earliest,
        ended.valid_to_latest,
        begun.predecessor_code,
        cast(coalesce(begun.predecessors, 0) as bigint) as predecessors,
        ended.successor_code,
        cast(coalesce(ended.successors, 0) as bigint) as successors
    from organisations
    left join begun
        on organisations.org_code = begun.org_code
    left join ended
        on organisations.org_code = ended.org_code
)

select * from final
