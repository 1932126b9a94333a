{#- Rules that several models share, each written and unit-tested once. -#}

{#- One row of each entity: the one of the newest return. A later census that closes an episode thereby updates it. -#}
{% macro newest_return_wins(entity) -%}
    qualify row_number() over (
        partition by {{ entity | join(', ') }}
        order by period_end desc, received_at desc, submission_id desc, source_row
    ) = 1
{%- endmacro %}


{#- Working days in (first, last], from two rows of dim_date; negative when last is earlier, null when either is. -#}
{% macro working_days(first_day, last_day) -%}
    ({{ last_day }}.working_day_number - {{ first_day }}.working_day_number)
{%- endmacro %}


{#- Too recent to know: what should follow within so many days of the event may still come after the data end. -#}
{% macro too_recent_days(event_date, as_of, days) -%}
    ({{ event_date }} > {{ add_days(as_of, '-' ~ days) }})
{%- endmacro %}


{#- The same in hours, for a moment: the data run to the end of the day as_of. -#}
{% macro too_recent_hours(moment, as_of, hours) -%}
    ({{ moment }} > {{ add_hours(add_days(as_of, 1), '-' ~ hours) }})
{%- endmacro %}
