{#- Text functions that engines spell differently. -#}

{% macro matches(text, pattern) %}{{ return(adapter.dispatch('matches', 'scp')(text, pattern)) }}{% endmacro %}

{% macro default__matches(text, pattern) -%}
    regexp_matches({{ text }}, '{{ pattern }}')
{%- endmacro %}

{% macro spark__matches(text, pattern) -%}
    regexp_like({{ text }}, '{{ pattern }}')
{%- endmacro %}


{#- The value that comes first by `rank`, unknown values passed over. -#}
{% macro first_known(value, rank, unknown=none) -%}
    min_by({{ value }}, {{ rank }}) filter (where {{ value }} is not null{% if unknown is not none %} and {{ value }} <> '{{ unknown }}'{% endif %})
{%- endmacro %}


{#- 'yyyy-mm' of a date, from parts that every engine has. -#}
{% macro month_id(day) -%}
    concat(cast(extract(year from {{ day }}) as string), '-', lpad(cast(extract(month from {{ day }}) as string), 2, '0'))
{%- endmacro %}


{#- '2025-26' of any day of a year that starts in `first_month` (4: financial, 9: academic). -#}
{% macro year_id(day, first_month) -%}
    {%- set shifted = add_months(day, 1 - first_month) -%}
    concat(cast(extract(year from {{ shifted }}) as string), '-', lpad(cast((extract(year from {{ shifted }}) + 1) % 100 as string), 2, '0'))
{%- endmacro %}


{#- '2025-26-Q1' of any day; quarters of the financial year. -#}
{% macro quarter_id(day) -%}
    concat({{ year_id(day, 4) }}, '-Q', cast(extract(quarter from {{ add_months(day, -3) }}) as string))
{%- endmacro %}


{#- 'April 2025' of any day. -#}
{% macro month_label(day) -%}
    concat(
        case extract(month from {{ day }})
            {%- for name in ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'] %}
            when {{ loop.index }} then '{{ name }}'
            {%- endfor %}
        end,
        ' ', cast(extract(year from {{ day }}) as string)
    )
{%- endmacro %}
