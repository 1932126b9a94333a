{#
  95% confidence intervals by the two standard methods of public health (OHID, technical guide on confidence intervals).
  Both answer null when there is nothing to be sure or unsure of.
#}

{# Wilson score interval of a proportion, times `per`. #}
{% macro wilson(numerator, denominator, side, per=100) -%}
{%- set z = 1.959963984540054 -%}
{%- set sign = '-' if side == 'low' else '+' -%}
case
        when {{ denominator }} > 0 and {{ numerator }} <= {{ denominator }} then {{ per }} * (
            2.0 * {{ numerator }} + {{ z * z }}
            {{ sign }} {{ z }} * sqrt({{ z * z }} + 4.0 * {{ numerator }} * (1.0 - {{ numerator }} / cast({{ denominator }} as double)))
        ) / (2.0 * ({{ denominator }} + {{ z * z }}))
    end
{%- endmacro %}

{# Byar's approximation to the exact Poisson interval of a count, as a rate per `per` of the population. #}
{% macro byar(count, population, side, per=10000) -%}
{%- set z = 1.959963984540054 -%}
{%- if side == 'low' -%}
case
        when {{ population }} > 0 and {{ count }} = 0 then 0.0
        when {{ population }} > 0 then {{ per }} * (
            {{ count }} * power(1.0 - 1.0 / (9.0 * {{ count }}) - {{ z }} / (3.0 * sqrt({{ count }})), 3)
        ) / {{ population }}
    end
{%- else -%}
case
        when {{ population }} > 0 then {{ per }} * (
            ({{ count }} + 1.0)
            * power(1.0 - 1.0 / (9.0 * ({{ count }} + 1.0)) + {{ z }} / (3.0 * sqrt({{ count }} + 1.0)), 3)
        ) / {{ population }}
    end
{%- endif -%}
{%- endmacro %}
