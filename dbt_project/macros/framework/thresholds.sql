{#
  Local standards for the trust badge. They are not national figures: the scrutiny and assurance group sets them
  (dbt vars of the same names), and every badge says which one it met or missed.
#}

{# At or above this share of rows accepted, a source is good enough to call a figure complete. #}
{% macro trust_rows_complete() %}{{ return(var('trust_rows_complete', 0.95)) }}{% endmacro %}

{# Below this share of rows accepted, a figure is not safe to use. #}
{% macro trust_rows_safe() %}{{ return(var('trust_rows_safe', 0.80)) }}{% endmacro %}

{# The name under which both councils and everything else in the partnership are counted together. #}
{% macro joint_area() %}{{ return('SCP_JOINT') }}{% endmacro %}
