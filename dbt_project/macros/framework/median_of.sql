{# The median of a column, the mean of the middle two when there are an even number. Blank values are passed over. #}
{% macro median_of(column) %}{{ return(adapter.dispatch('median_of', 'scp')(column)) }}{% endmacro %}

{% macro default__median_of(column) -%}
median({{ column }})
{%- endmacro %}

{% macro spark__median_of(column) -%}
percentile({{ column }}, 0.5)
{%- endmacro %}
