{#- Codes that a cell holds together, joined by ; as the contract keeps them (FieldSpec.split): one row a code, none for an empty cell. -#}

{% macro one_row_a_code(column) %}{{ return(adapter.dispatch('one_row_a_code', 'scp')(column)) }}{% endmacro %}

{% macro default__one_row_a_code(column) -%}
    unnest(string_split({{ column }}, ';'))
{%- endmacro %}

{% macro spark__one_row_a_code(column) -%}
    explode(split({{ column }}, ';'))
{%- endmacro %}
