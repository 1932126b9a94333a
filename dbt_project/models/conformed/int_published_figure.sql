-- Every published figure of every vintage, long. A file of 2026 lies beside the one of 2025: which cell counts is decided in
-- fct_published_figure, what changed is listed in fct_published_revision.
{%- set tables = [
    ('published__dfe_children_in_need', 'referrals'),
    ('published__dfe_children_in_need', 'children_in_need'),
    ('published__dfe_children_in_need', 'assessments'),
    ('published__dfe_children_in_need', 'factors'),
    ('published__dfe_children_in_need', 'section47'),
    ('published__dfe_children_in_need', 'sources'),
    ('published__dfe_children_in_need', 'characteristics'),
    ('published__dfe_child_protection', 'starts'),
    ('published__dfe_child_protection', 'subsequent'),
    ('published__dfe_child_protection', 'duration'),
    ('published__dfe_child_protection', 'reviews'),
    ('published__dfe_children_looked_after', 'rates'),
    ('published__dfe_children_looked_after', 'placement_stability'),
    ('published__dfe_social_work_workforce', 'indicators'),
    ('published__hospital_admissions', 'admissions'),
    ('published__ons_population', 'population'),
] %}
with

{% for source_name, table in tables if table not in ['admissions', 'characteristics'] %}
{{ table }} as (
    select * from {{ ref('stg_' ~ source_name ~ '__' ~ table) }}
),

{% endfor %}
-- England only: the file has no columns for regions and authorities.
characteristics as (
    select
        *,
        cast(null as string) as region_code,
        cast(null as string) as region_name,
        cast(null as string) as new_la_code,
        cast(null as string) as la_name
    from {{ ref('stg_published__dfe_children_in_need__characteristics') }}
),

-- The health file names areas and years in its own way: 2023/24 is the year that the DfE calls 2024.
admissions_as_published as (
    select * from {{ ref('stg_published__hospital_admissions__admissions') }}
),

admissions as (
    select
        *,
        case area_type when 'England' then 'National' else 'Local authority' end as geographic_level,
        ons_area_code as country_code,
        area_name as country_name,
        cast(null as string) as region_code,
        cast(null as string) as region_name,
        ons_area_code as new_la_code,
        area_name as la_name,
        cast(substring(financial_year, 1, 4) as bigint) + 1 as time_period
    from admissions_as_published
),

figures as (
    {%- for source_name, table in tables %}
    {{ unpivot_figures(source_name, table) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- A row that a file holds twice counts once: the first.
-- A symbol (suppressed, not available) is an answer and stays; a cell that was never filled is none.
final as (
    select
        {{ hash_key(['source_table', 'measure', 'breakdown', 'geographic_level', 'area_code', 'time_period']) }} as published_figure_key,
        source_table,
        measure,
        breakdown,
        area_code,
        area_name,
        geographic_level,
        time_period,
        value,
        symbol,
        vintage,
        vintage_ends_on,
        received_at,
        submission_id,
        source_row
    from figures
    where value is not null or symbol is not null
    qualify row_number() over (
        partition by source_table, measure, breakdown, geographic_level, area_code, time_period, vintage
        order by received_at desc, submission_id desc, source_row
    ) = 1
)

select * from final
