{#- Date arithmetic that DuckDB and Spark spell differently. Models call these; they never call the engine's own names. -#}

{% macro days_between(first, last) %}{{ return(adapter.dispatch('days_between', 'scp')(first, last)) }}{% endmacro %}

{% macro default__days_between(first, last) -%}
    date_diff('day', {{ first }}, {{ last }})
{%- endmacro %}

{% macro spark__days_between(first, last) -%}
    datediff({{ last }}, {{ first }})
{%- endmacro %}


{% macro hours_between(first, last) %}{{ return(adapter.dispatch('hours_between', 'scp')(first, last)) }}{% endmacro %}

{#- Elapsed hours with their fraction: counting hour boundaries would call 71 h 59 min and 72 h 01 min the same. -#}
{% macro default__hours_between(first, last) -%}
    (date_diff('second', {{ first }}, {{ last }}) / 3600.0)
{%- endmacro %}

{% macro spark__hours_between(first, last) -%}
    ((unix_timestamp({{ last }}) - unix_timestamp({{ first }})) / 3600.0)
{%- endmacro %}


{% macro add_days(day, days) %}{{ return(adapter.dispatch('add_days', 'scp')(day, days)) }}{% endmacro %}

{% macro default__add_days(day, days) -%}
    (cast({{ day }} as date) + cast({{ days }} as integer))
{%- endmacro %}

{% macro spark__add_days(day, days) -%}
    date_add(cast({{ day }} as date), cast({{ days }} as int))
{%- endmacro %}


{% macro add_months(day, months) %}{{ return(adapter.dispatch('add_months', 'scp')(day, months)) }}{% endmacro %}

{#- Calendar months: 31 March less one month is the last day of February, 29 February less twelve is the 28th. -#}
{% macro default__add_months(day, months) -%}
    cast(cast({{ day }} as date) + to_months(cast({{ months }} as integer)) as date)
{%- endmacro %}

{% macro spark__add_months(day, months) -%}
    add_months(cast({{ day }} as date), cast({{ months }} as int))
{%- endmacro %}


{% macro add_hours(moment, hours) %}{{ return(adapter.dispatch('add_hours', 'scp')(moment, hours)) }}{% endmacro %}

{% macro default__add_hours(moment, hours) -%}
    (cast({{ moment }} as timestamp) + to_hours({{ hours }}))
{%- endmacro %}

{% macro spark__add_hours(moment, hours) -%}
    (cast({{ moment }} as timestamp) + make_interval(0, 0, 0, 0, {{ hours }}, 0, 0))
{%- endmacro %}


{#- The moment of a day at a clock time such as '08:30:00'. -#}
{% macro at_time(day, clock) -%}
    cast(concat(cast(cast({{ day }} as date) as string), ' {{ clock }}') as timestamp)
{%- endmacro %}


{% macro month_start(day) -%}
    cast(date_trunc('month', {{ day }}) as date)
{%- endmacro %}


{% macro iso_weekday(day) %}{{ return(adapter.dispatch('iso_weekday', 'scp')(day)) }}{% endmacro %}

{% macro default__iso_weekday(day) -%}
    isodow({{ day }})
{%- endmacro %}

{% macro spark__iso_weekday(day) -%}
    (weekday({{ day }}) + 1)
{%- endmacro %}


{% macro date_spine(first, last, column) %}{{ return(adapter.dispatch('date_spine', 'scp')(first, last, column)) }}{% endmacro %}

{#- A select of every day from first to last, both included. -#}
{% macro default__date_spine(first, last, column) -%}
    select cast(unnest(generate_series(cast({{ first }} as date), cast({{ last }} as date), interval 1 day)) as date) as {{ column }}
{%- endmacro %}

{% macro spark__date_spine(first, last, column) -%}
    select explode(sequence(cast({{ first }} as date), cast({{ last }} as date), interval 1 day)) as {{ column }}
{%- endmacro %}
