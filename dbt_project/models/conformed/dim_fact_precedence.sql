{#- The declaration is in dbt_project.yml (vars: fact_precedence); this shows it. -#}
with

final as (
    {%- for fact, sources in var('fact_precedence').items() %}
    {%- set outer = loop %}
    {%- for said in sources %}
    select
        '{{ fact }}' as fact,
        '{{ said.source }}' as source,
        cast({{ loop.index }} as bigint) as source_rank,
        '{{ said.takes }}' as takes,
        '{{ said.why | replace("'", "''") }}' as why
    {%- if not (loop.last and outer.last) %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- endfor %}
)

select * from final
