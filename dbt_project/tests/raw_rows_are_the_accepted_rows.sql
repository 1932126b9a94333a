{#-
    Every raw table of every accepted submission holds the accepted rows, less those of persons who were erased since, once each,
    and no other. Reads all the contracts' sources from the graph, so a new extract is covered without a line here.
-#}
{%- set sources = [] -%}
{%- if execute -%}
    {%- for node in graph.sources.values() if '__' in node.source_name -%}{%- do sources.append(node) -%}{%- endfor -%}
{%- endif -%}
with

raw_rows as (
    {%- for node in sources %}
    select
        _submission_id as submission_id,
        '{{ node.source_name | replace("__", "/") }}' as extract_key,
        '{{ node.name }}' as table_name,
        count(*) as raw_rows,
        count(distinct _row) as distinct_rows
    from {{ source_location(node) }}
    group by _submission_id
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

promised as (
    select
        counts.submission_id,
        counts.table_name,
        counts.accepted - counts.erased_accepted as held
    from {{ ref('fct_table_count') }} as counts
    where counts.status in ('accepted', 'partly_accepted')
)

select
    coalesce(promised.submission_id, raw_rows.submission_id) as submission_id,
    coalesce(promised.table_name, raw_rows.table_name) as table_name
from promised
full join raw_rows
    on
        promised.submission_id = raw_rows.submission_id
        and promised.table_name = raw_rows.table_name
where
    coalesce(promised.held, 0) <> coalesce(raw_rows.raw_rows, 0)
    or coalesce(raw_rows.raw_rows, 0) <> coalesce(raw_rows.distinct_rows, 0)
