{#
  How far the data of one extract reaches in an area: a join against dim_data_as_of for the record-level models.
  An agency that covers the whole partnership has no area of its own and answers for every area.
#}
{% macro data_as_of(extract_key) %}
select area_code, min(history_start) as history_start, min(as_of) as as_of
from {{ ref('dim_data_as_of') }}
where extract_key = '{{ extract_key }}'
group by area_code
{% endmacro %}
