{#- How far a chain is followed. The longest in the register of April 2025 is four; a chain that comes back to its start ends there. -#}
{%- set hops = 6 -%}
with

links as (
    select * from {{ ref('stg_published__gias_links__links') }}
),

registered as (
    select * from {{ ref('stg_school__school_register__schools') }}
),

code_list as (
    select * from {{ ref('code_list') }}
),

newest_vintage as (
    select *
    from links
    {{ newest_return_wins(['school_urn', 'linked_urn']) }}
),

-- The register names a link from either side: as the successor of one school or as the predecessor of the other.
told as (
    select
        case code_list.broad when 'After' then newest_vintage.school_urn else newest_vintage.linked_urn end as school_urn,
        case code_list.broad when 'After' then newest_vintage.linked_urn else newest_vintage.school_urn end as successor_urn,
        newest_vintage.established_on as succeeded_on
    from newest_vintage
    inner join code_list
        on
            code_list.code_list = 'gias_link_type'
            and newest_vintage.link_type = code_list.code
    where code_list.broad in ('After', 'Before')
    union all
    select
        predecessor_urn as school_urn,
        school_urn as successor_urn,
        opened_on as succeeded_on
    from registered
    where predecessor_urn is not null
),

hop_1 as (
    select
        school_urn,
        successor_urn,
        max(succeeded_on) as succeeded_on,
        1 as hops
    from told
    where school_urn <> successor_urn
    group by school_urn, successor_urn
),
{% for hop in range(2, hops + 1) %}
hop_{{ hop }} as (
    select
        so_far.school_urn,
        one_more.successor_urn,
        max(greatest(so_far.succeeded_on, one_more.succeeded_on)) as succeeded_on,
        {{ hop }} as hops
    from hop_{{ hop - 1 }} as so_far
    inner join hop_1 as one_more
        on so_far.successor_urn = one_more.school_urn
    where so_far.school_urn <> one_more.successor_urn
    group by so_far.school_urn, one_more.successor_urn
),
{% endfor %}
every_hop as (
    {%- for hop in range(1, hops + 1) %}
    select * from hop_{{ hop }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- The shortest way from one school to another says when.
final as (
    select
        school_urn,
        successor_urn,
        cast(hops as bigint) as hops,
        succeeded_on
    from every_hop
    qualify row_number() over (partition by school_urn, successor_urn order by hops) = 1
)

select * from final
