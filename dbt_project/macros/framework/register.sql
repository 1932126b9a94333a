{#
  The register of indicators lives beside each record-level model, in `config.meta.indicator` of its yml, and nowhere else.
  These macros read it from dbt's graph. The graph only exists once dbt runs, so while it parses they answer nothing.
#}

{# Every model with a register entry, by indicator id: [(id, model name, entry), ...]. #}
{% macro registered_indicators() %}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' -%}
            {%- set entry = node.config.get('meta', {}).get('indicator') -%}
            {%- if entry -%}
                {%- do found.append((entry['id'], node.name, entry)) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found | sort(attribute='0')) }}
{% endmacro %}

{#
  Union of all record-level models. dbt must be told a model's parents while it parses, before it knows the register, so
  the caller hands over the refs; a registered model that was left out stops the build here, by name.
#}
{% macro union_indicator_records(relations) %}
    {%- if execute -%}
        {%- set given = relations | map(attribute='identifier') | list -%}
        {%- set registered = registered_indicators() | map(attribute='1') | list -%}
        {%- for name in registered if name not in given -%}
            {{ exceptions.raise_compiler_error("fct_indicator_record: add ref('" ~ name ~ "'); it has a register entry and is not in the union.") }}
        {%- endfor -%}
        {%- for name in given if name not in registered -%}
            {{ exceptions.raise_compiler_error("fct_indicator_record: " ~ name ~ " has no register entry (config.meta.indicator in its yml).") }}
        {%- endfor -%}
    {%- endif -%}
    {%- for relation in relations %}
select * from {{ relation }}
{% if not loop.last %}union all{% endif -%}
    {%- endfor -%}
{% endmacro %}

{# One row for each item of a list in the register: the indicator and the item. #}
{% macro register_list(key, column) %}
    {%- set rows = [] -%}
    {%- for id, name, entry in registered_indicators() -%}
        {%- for item in entry[key] -%}
            {%- do rows.append((id, item, loop.index)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ literal_rows(rows, ['indicator_id', column, 'item_order'], ['string', 'string', 'int']) }}
{% endmacro %}

{# Literal rows as SQL that every engine reads; no rows keep their columns. #}
{% macro literal_rows(rows, names, types) %}
    {%- set sql_types = {'string': 'string', 'int': 'integer', 'boolean': 'boolean'} -%}
    {%- for row in rows %}
select {% for value in row -%}
        cast({{ sql_literal(value) }} as {{ sql_types[types[loop.index0]] }}) as {{ names[loop.index0] }}{{ ', ' if not loop.last }}
        {%- endfor %}
{{ 'union all' if not loop.last }}
    {%- else %}
select {% for name in names -%}
        cast(null as {{ sql_types[types[loop.index0]] }}) as {{ name }}{{ ', ' if not loop.last }}
        {%- endfor %}
where 1 = 0
    {%- endfor -%}
{% endmacro %}

{% macro sql_literal(value) -%}
    {%- if value is none -%} null
    {%- elif value is boolean -%} {{ 'true' if value else 'false' }}
    {%- elif value is number -%} {{ value }}
    {%- else -%} '{{ (value | string | trim).replace("'", "''") }}'
    {%- endif -%}
{%- endmacro %}
