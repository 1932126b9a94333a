{# Steps that two or more record-level models share, so that they cannot drift apart. #}

{#
  Every plan open at each month end that the area's data reaches. A plan that ends on the day is closed on that day.
  A snapshot keeps what was known last: a closure recorded late closes earlier snapshots too.
#}
{% macro open_at_month_ends(plans, extract_key) %}
    select
        plan.*,
        month_end.date_day as snapshot_date
    from {{ plans }} as plan
    inner join ({{ data_as_of(extract_key) }}) as reach on plan.area_code = reach.area_code
    inner join {{ ref('dim_date') }} as month_end
        on
            plan.start_date <= month_end.date_day
            and (plan.end_date is null or plan.end_date > month_end.date_day)
    where
        extract(day from {{ add_days('month_end.date_day', 1) }}) = 1
        and month_end.date_day >= cast('{{ var("reporting_from") }}' as date)
        and month_end.date_day <= reach.as_of
{% endmacro %}

{#
  Missing episodes (not 'away') from which the child has come back, as the council knows them.
  Too recent: the 72 hours in which the interview is due had not passed when the council's data ends.
#}
{% macro returned_missing_episodes() %}
    select
        episode.*,
        {{ too_recent_hours('episode.returned_at', 'reach.as_of', 72) }} as is_too_recent
    from {{ ref('fct_council_missing_episode') }} as episode
    left join ({{ data_as_of('council/missing_and_return_interviews') }}) as reach
        on episode.area_code = reach.area_code
    where
        episode.missing_type = 'M'
        and episode.returned_at is not null
{% endmacro %}

{# The final deadline of an academic year's safeguarding return ('2024-25'): 30 April. #}
{% macro deadline_of(academic_year) -%}
cast(concat(cast(cast(substring({{ academic_year }}, 1, 4) as integer) + 1 as string), '-04-30') as date)
{%- endmacro %}

{# The first deadline: the last day of February. #}
{% macro first_deadline_of(academic_year) -%}
{{ add_days("concat(cast(cast(substring(" ~ academic_year ~ ", 1, 4) as integer) + 1 as string), '-03-01')", -1) }}
{%- endmacro %}

{#
  Schools that must send the safeguarding return: open on the year's register. A return under a predecessor's URN is
  the school's own (the conformed return already carries the current URN).
#}
{% macro schools_in_scope() %}
    select
        school.*,
        {{ deadline_of('school.academic_year') }} as final_deadline,
        {{ first_deadline_of('school.academic_year') }} as first_deadline,
        received.first_submitted_at
    from {{ ref('dim_school') }} as school
    left join (
        select
            academic_year,
            area_code,
            school_urn,
            min(submitted_at) as first_submitted_at
        from {{ ref('fct_school_return') }}
        group by academic_year, area_code, school_urn
    ) as received
        on
            school.academic_year = received.academic_year
            and school.area_code = received.area_code
            and school.school_urn = received.school_urn
    where school.status = 'OPEN'
{% endmacro %}

{#
  The returns in force of the partners. Partners are those who are expected to send: published statistics and the
  example authority are not.
#}
{% macro partner_submissions() %}
    select submission.*
    from {{ ref('fct_submission') }} as submission
    inner join (
        select distinct agency, extract, submitter
        from {{ ref('fct_expected_return') }}
    ) as partner
        on
            submission.agency = partner.agency
            and submission.extract = partner.extract
            and submission.submitter = partner.submitter
    where submission.is_current
{% endmacro %}
