{#
  95% confidence intervals by the two standard methods of public health (OHID, technical guide on confidence intervals).
  Both answer null when there is nothing to be sure or unsure of.
#}

{# Wilson score interval of a proportion, times `per`. #}
{% macro wilson(numerator, denominator, side, per=100) -%}
{%- set z = 'cast(1.959963984540054 as double)' -%}
{%- set z2 = 'cast(3.841458820694124 as double)' -%}
{%- set n = 'cast(' ~ numerator ~ ' as double)' -%}
{%- set sign = '-' if side == 'low' else '+' -%}
case
        when {{ denominator }} > 0 and {{ numerator }} <= {{ denominator }} then {{ per }} * (
            2.0 * {{ n }} + {{ z2 }}
            {{ sign }} {{ z }} * sqrt({{ z2 }} + 4.0 * {{ n }} * (1.0 - {{ n }} / {{ denominator }}))
        ) / (2.0 * ({{ denominator }} + {{ z2 }}))
    end
{%- endmacro %}

{# Byar's approximation to the exact Poisson interval of a count, as a rate per `per` of the population. #}
{% macro byar(count, population, side, per=10000) -%}
{%- set z = 'cast(1.959963984540054 as double)' -%}
{%- set n = 'cast(' ~ count ~ ' as double)' -%}
{%- if side == 'low' -%}
case
        when {{ population }} > 0 and {{ n }} = 0 then 0.0
        when {{ population }} > 0 then {{ per }} * (
            {{ n }} * power(1.0 - 1.0 / (9.0 * {{ n }}) - {{ z }} / (3.0 * sqrt({{ n }})), 3)
        ) / {{ population }}
    end
{%- else -%}
case
        when {{ population }} > 0 then {{ per }} * (
            ({{ n }} + 1.0)
            * power(1.0 - 1.0 / (9.0 * ({{ n }} + 1.0)) + {{ z }} / (3.0 * sqrt({{ n }} + 1.0)), 3)
        ) / {{ population }}
    end
{%- endif -%}
{%- endmacro %}
