{#- British clocks, for senders whose systems write universal time. Written from the law, so that no engine's time zones are needed. -#}

{#- The last Sunday of a moment's year, on or before the month's last day ('03-31'); of no moment, a Sunday that nobody asks for. -#}
{% macro last_sunday(moment, month_day) -%}
    {%- set last_day -%}
        cast(concat(cast(coalesce(extract(year from {{ moment }}), 1970) as string), '-{{ month_day }}') as date)
    {%- endset -%}
    {{ add_days(last_day, '-(' ~ iso_weekday(last_day) ~ ' % 7)') }}
{%- endmacro %}


{#- What the clock on the wall shows at a moment of universal time: an hour more from the last Sunday of March to the last of October, at one. -#}
{% macro british_clock(moment) -%}
    case
        when
            {{ moment }} >= {{ add_hours(last_sunday(moment, '03-31'), 1) }}
            and {{ moment }} < {{ add_hours(last_sunday(moment, '10-31'), 1) }}
            then {{ add_hours(moment, 1) }}
        else {{ moment }}
    end
{%- endmacro %}
