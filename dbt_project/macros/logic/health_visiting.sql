{#-
    The child's age in days at which a health visitor review is still in its window, by review type; null before birth.
    OHID health visitor service delivery metrics: new birth visit within 14 days, review by 8 weeks, by 12 months, by 2.5 years. A year is counted
    as 365 days and half a year as 183, so that a review on a birthday in a year without a leap day is in.
-#}
{% macro review_window_days(review_type) -%}
    case {{ review_type }} when 'NBV' then 14 when '6_8W' then 56 when '12M' then 365 when '2_2.5Y' then 913 end
{%- endmacro %}
