{#- Time limits that facts are held to, each once, with where it comes from. What a limit is counted from and to is the model's business. -#}

{#- From the day a need was raised to the conversation with the school. Partnership data specification, indicator ED04. -#}
{% macro follow_up_working_days() %}{{ return(20) }}{% endmacro %}

{#- Training of a school's designated safeguarding lead. Keeping children safe in education, annex on the lead's role: every two years. -#}
{% macro dsl_training_months() %}{{ return(24) }}{% endmacro %}

{#- From knowing of a serious incident to telling the national Panel. Working Together to Safeguard Children, chapter on child safeguarding practice reviews. -#}
{% macro incident_notification_working_days() %}{{ return(5) }}{% endmacro %}

{#- From that notification to the rapid review. Guidance of the Child Safeguarding Practice Review Panel. -#}
{% macro rapid_review_working_days() %}{{ return(15) }}{% endmacro %}

{#- From telling the advocacy service of a first restraint to its offer of support at the debrief. Board's annual report 2019/20 (board paper). -#}
{% macro debrief_hours() %}{{ return(24) }}{% endmacro %}
