{#- Wide to long as a union: UNPIVOT is spelled differently on every engine, and a union reads one table several times. -#}

{% macro unpivot(relation, keep, columns, name_column, value_column) %}
    {%- for column in columns %}
    select {{ keep | join(', ') }}, '{{ column }}' as {{ name_column }}, {{ column }} as {{ value_column }}
    from {{ relation }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- if not columns %}
    select {{ keep | join(', ') }}, cast(null as string) as {{ name_column }}, cast(null as string) as {{ value_column }}
    from {{ relation }}
    where false
    {%- endif %}
{% endmacro %}


{#- A published wide table: one row an area, year, breakdown and measure, the number and its symbol, and the vintage that says so. -#}
{% macro unpivot_figures(source_name, table) %}
    {%- set split = figure_breakdowns(source_name, table) -%}
    {%- for figure in figure_columns(source_name, table) or [none] %}
    select
        source_table,
        {% if figure %}'{{ figure }}'{% else %}cast(null as string){% endif %} as measure,
        {% if split %}coalesce(nullif(concat_ws(' / ', {{ split | join(', ') }}), ''), 'total'){% else %}'total'{% endif %} as breakdown,
        case geographic_level when 'National' then country_code when 'Regional' then region_code else new_la_code end as area_code,
        case geographic_level when 'National' then country_name when 'Regional' then region_name else la_name end as area_name,
        geographic_level,
        time_period,
        {% if figure %}{{ figure }}{% else %}cast(null as double){% endif %} as value,
        {% if figure %}{{ figure }}_symbol{% else %}cast(null as string){% endif %} as symbol,
        period as vintage,
        period_end as vintage_ends_on,
        received_at,
        submission_id,
        source_row
    from {{ table }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{% endmacro %}
