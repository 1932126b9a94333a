{#
  The last step of every record-level model: the columns that all indicators share.

  The model works out what counts; this macro says who it is about (age band on the day, sex, broad ethnicity) and gives
  the row its standard shape, so that one set of generic models can add up every indicator.

  indicator_id     the id in the model's own register entry
  rows             the CTE to read; it carries submission_id, source_table and source_row
  key              SQL: what one record is; unique within the indicator
  event_date       SQL: the date by which the record is counted
  in_denominator   SQL: false for a rate, whose denominator is the population and not records
  in_numerator     SQL
  excluded_because SQL: a reason in words, or null. An excluded record is in neither part and is counted on its own.
#}
{% macro indicator_record(
    indicator_id, rows, key, event_date,
    area_code='rec.area_code', person_key='rec.person_key', agency='null', mode='null',
    in_denominator='true', in_numerator='true', weight='1', excluded_because='null'
) %}
select
    cast('{{ indicator_id }}' as string) as indicator_id,
    cast({{ key }} as string) as record_key,
    cast({{ person_key or 'null' }} as string) as person_key,
    cast({{ area_code }} as string) as area_code,
    cast({{ agency }} as string) as agency,
    cast({{ mode }} as string) as mode,
    cast({{ event_date }} as date) as event_date,
    {% if person_key -%}
    {{ age_band('child.birth_month', 'child.is_unborn', event_date) }} as age_band,
    coalesce(child.sex, 'Unknown') as sex,
    coalesce(child.ethnicity_broad, 'Unknown') as ethnicity_broad,
    {%- else -%}
    cast(null as string) as age_band,
    cast(null as string) as sex,
    cast(null as string) as ethnicity_broad,
    {%- endif %}
    coalesce(({{ excluded_because }}) is null and ({{ in_denominator }}), false) as in_denominator,
    coalesce(({{ excluded_because }}) is null and ({{ in_numerator }}), false) as in_numerator,
    cast({{ weight }} as double) as weight,
    cast({{ excluded_because }} as string) as excluded_because,
    cast(rec.submission_id as string) as submission_id,
    cast(rec.source_table as string) as source_table,
    cast(rec.source_row as bigint) as source_row
from {{ rows }} as rec
{% if person_key -%}
left join {{ ref('dim_child') }} as child on {{ person_key }} = child.person_key
{%- endif %}
{% endmacro %}


{#
  Age band on the day of the event. Only the month of birth is kept, so a child turns a year older on the first of it.
  A child whose (expected) month of birth lies after the event is unborn; more than nine months after, the dates are wrong.
#}
{% macro age_band(birth_month, is_unborn, event_date) -%}
{%- set months -%}
((extract(year from {{ event_date }}) - extract(year from {{ birth_month }})) * 12
    + extract(month from {{ event_date }}) - extract(month from {{ birth_month }}))
{%- endset -%}
case
        when {{ birth_month }} is null and {{ is_unborn }} then 'Unborn'
        when {{ birth_month }} is null or {{ event_date }} is null then 'Unknown'
        when {{ months }} < -9 then 'Unknown'
        when {{ months }} < 0 then 'Unborn'
        when {{ months }} < 12 then 'Under 1'
        when {{ months }} < 60 then '1 to 4'
        when {{ months }} < 120 then '5 to 9'
        when {{ months }} < 192 then '10 to 15'
        else '16 and over'
    end
{%- endmacro %}
