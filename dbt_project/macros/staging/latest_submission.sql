{#-
    The submission in force of each extract, period and submitter: the newest by the sender's own number, then by arrival.
    The id breaks a tie, so that two builds of the same lake never disagree.
-#}
{% macro latest_submission() -%}
    qualify row_number() over (
        partition by agency, extract, period, submitter
        order by submission_no desc, received_at desc, submission_id desc
    ) = 1
{%- endmacro %}
