{#-
    One fact for one real-world thing that two returns tell of. Which return is believed first is declared in
    dbt_project.yml (`vars: fact_precedence`), a list a fact, the first believed first; dim_fact_precedence shows it to everybody.
-#}

{#- The place of a row's source in the list of its fact: 1 is believed first. A source that is not declared is an error of ours. -#}
{% macro source_rank(fact, source='source') -%}
    case {{ source }}
        {%- for said in var('fact_precedence')[fact] %}
        when '{{ said.source }}' then {{ loop.index }}
        {%- endfor %}
    end
{%- endmacro %}


{#- One row of each entity: the one whose source is believed first. Rows of one source stay as they are. -#}
{% macro believed_first(fact, entity) -%}
    qualify rank() over (
        partition by {{ entity | join(', ') }}
        order by {{ source_rank(fact) }}
    ) = 1
{%- endmacro %}


{#-
    Rows of one of Ofsted's lists (staging relation) with the person, about events after the last day of the council's last
    census: that far the census is complete, and what only the list has is for reconciliation (rec_annex_a_census).
-#}
{% macro listed_since_census(list_name, census, event_date) -%}
    select
        listed.*,
        tokens.person_key
    from {{ list_name }} as listed
    left join {{ ref('bridge_child_token') }} as tokens
        on listed.child_token = tokens.child_token
    left join (
        select area_code, max(period_end) as census_until
        from {{ census }}
        group by area_code
    ) as reach
        on listed.area_code = reach.area_code
    where listed.{{ event_date }} > coalesce(reach.census_until, cast('1900-01-01' as date))
{%- endmacro %}


{#- The day that a snapshot speaks for: the end of the period it is filed under, or the day it came if that is earlier. -#}
{% macro snapshot_date(relation) -%}
    least({{ relation }}.period_end, cast({{ relation }}.received_at as date))
{%- endmacro %}


{#- Open on a day: begun by then (or the start is not said) and not ended by then. What ends on the day is closed on that day. -#}
{% macro is_open_on(start_date, end_date, day) -%}
    coalesce({{ start_date }} <= {{ day }}, true) and coalesce({{ end_date }} > {{ day }}, true)
{%- endmacro %}


{#- A date as it was known on the day of a list's snapshot (alias `listed`): none when it lies after it. -#}
{% macro known_by(day) -%}
    case when {{ day }} <= listed.snapshot_date then {{ day }} end
{%- endmacro %}
