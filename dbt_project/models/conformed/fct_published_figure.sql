{%- set tables = [
    ('published__dfe_children_in_need', 'referrals'),
    ('published__dfe_children_in_need', 'children_in_need'),
    ('published__dfe_children_in_need', 'assessments'),
    ('published__dfe_children_in_need', 'factors'),
    ('published__dfe_children_in_need', 'section47'),
    ('published__dfe_children_in_need', 'sources'),
    ('published__dfe_child_protection', 'starts'),
    ('published__dfe_child_protection', 'subsequent'),
    ('published__dfe_child_protection', 'duration'),
    ('published__dfe_child_protection', 'reviews'),
] -%}
with
{% for source_name, table in tables %}
{{ table }} as (
    select *
    from {{ ref('stg_' ~ source_name ~ '__' ~ table) }}
    {{ newest_return_wins(['geographic_level', 'country_code', 'region_code', 'new_la_code', 'old_la_code', 'time_period']) }}
),
{% endfor %}
figures as (
    {%- for source_name, table in tables %}
    {{ unpivot_figures(source_name, table) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- A symbol (suppressed, not available) is an answer and stays; a cell that was never filled is none.
final as (
    select
        {{ hash_key(['source_table', 'measure', 'geographic_level', 'area_code', 'time_period']) }} as published_figure_key,
        source_table,
        measure,
        area_code,
        area_name,
        geographic_level,
        time_period,
        value,
        symbol,
        submission_id,
        source_row
    from figures
    where value is not null or symbol is not null
)

select * from final
