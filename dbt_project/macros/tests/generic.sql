{#- Generic tests that packages would bring. Each returns the rows that break it. -#}

{#- The columns together name a row: no two alike, and none of them empty. -#}
{% test unique_combination(model, columns) %}
    select {{ columns | join(', ') }}, count(*) as times
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}


{#- The columns that must have a value in every row, in one scan. -#}
{% test never_empty(model, columns) %}
    select {{ columns | join(', ') }}
    from {{ model }}
    where {% for column in columns %}{{ column }} is null{% if not loop.last %} or {% endif %}{% endfor %}
{% endtest %}


{#- An expression that is true of every row. Null counts as broken: an unknown answer is no assurance. -#}
{% test expression_holds(model, expression) %}
    select 1 as broken
    from {{ model }}
    where not coalesce({{ expression }}, false)
{% endtest %}


{#- Both ends included; null passes, because presence is another test. -#}
{% test between(model, column_name, lowest, highest) %}
    select {{ column_name }}
    from {{ model }}
    where {{ column_name }} < {{ lowest }} or {{ column_name }} > {{ highest }}
{% endtest %}
