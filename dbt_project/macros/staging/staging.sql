{#-
    A staging model is one call: {{ staging('council__cin_census', 'section47') }}.

    Rows of the submissions in force (stg_pipeline__current_submissions), with where they came from, whose they are and what
    period they are about, then the contract's fields. The fields come from the generated source, so the contract stays the
    only list of them.

    Rows of restricted persons end here, and only here: whatever is built on staging has never seen them. A nested table
    carries the token of the row around it, so it loses them too. Published figures are about nobody.
-#}
{% macro staging(source_name, table_name) %}
{%- set about_persons = not source_name.startswith('published__') -%}
with

rows_as_received as (
    select * from {{ source(source_name, table_name) }}
),

submissions as (
    select * from {{ ref('stg_pipeline__current_submissions') }}
),
{% if about_persons %}
restricted as (
    select * from {{ ref('stg_identity__restricted_token') }}
),
{% endif %}
final as (
    select
        rows_as_received._submission_id as submission_id,
        '{{ source_name | replace('__', '/') }}/{{ table_name }}' as source_table,
        rows_as_received._row as source_row,
        rows_as_received._line as source_line,
        rows_as_received._parent_row as parent_row,
        submissions.submitter,
        submissions.area_code,
        submissions.period,
        submissions.period_start,
        submissions.period_end,
        submissions.received_at
        {%- for column in source_columns(source_name, table_name) if not column.startswith('_') %},
        rows_as_received.{{ column }}
        {%- endfor %}
    from rows_as_received
    inner join submissions
        on rows_as_received._submission_id = submissions.submission_id
    {%- if about_persons and 'child_token' in source_columns(source_name, table_name) %}
    left join restricted
        on rows_as_received.child_token = restricted.child_token
    where restricted.child_token is null
    {%- endif %}
)

select * from final
{% endmacro %}


{#- Column names of a source table, in the contract's order; empty while dbt only parses. -#}
{% macro source_columns(source_name, table_name) %}
    {%- set names = [] -%}
    {%- if execute -%}
        {%- for node in graph.sources.values() if node.source_name == source_name and node.name == table_name -%}
            {%- for column in node.columns.values() -%}{%- do names.append(column.name) -%}{%- endfor -%}
        {%- endfor -%}
        {%- if not names -%}
            {{ exceptions.raise_compiler_error('No columns for source ' ~ source_name ~ '.' ~ table_name) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(names) }}
{% endmacro %}


{#- Published figures: the columns that have a symbol beside them. -#}
{% macro figure_columns(source_name, table_name) %}
    {%- set names = source_columns(source_name, table_name) -%}
    {%- set figures = [] -%}
    {%- for name in names if name ~ '_symbol' in names -%}{%- do figures.append(name) -%}{%- endfor -%}
    {{ return(figures) }}
{% endmacro %}


{#- Published figures: what a row of a table is split by, beside the area and the year: the rest of the contract's grain. -#}
{% macro figure_breakdowns(source_name, table_name) %}
    {%- set names = [] -%}
    {%- if execute -%}
        {%- for node in graph.sources.values() if node.source_name == source_name and node.name == table_name -%}
            {%- for name in node.config.meta.grain or node.meta.grain
                if name not in ['time_period', 'financial_year', 'geographic_level', 'region_code', 'new_la_code', 'ons_area_code'] -%}
                {%- do names.append(name) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(names) }}
{% endmacro %}


{#- Where a source's rows lie, for a test that reads all of them; rendered as the adapter renders {{ source() }}. -#}
{% macro source_location(node) -%}
    {{ node.config.meta.external_location or node.meta.external_location or node.relation_name }}
{%- endmacro %}
