{#- The same event in Ofsted's lists and in the census: which fields differ. Field names and keys only, never what was said. -#}
{%- set facts = {
    'fct_referral': {'list': 'referrals', 'day': 'referral_date', 'listed_day': 'referral_date', 'key': 'referral_key', 'fields': {
        'referral_source': ['listed.referral_source', 'census.referral_source'],
        'is_nfa': ["listed.referral_nfa = '1'", 'census.is_nfa'],
    }},
    'fct_assessment': {'list': 'assessments', 'day': 'assessment_start_date', 'listed_day': 'assessment_start_date', 'key': 'assessment_key', 'fields': {
        'authorisation_date': [known_by('listed.assessment_authorisation_date'), known_by('census.authorisation_date')],
    }},
    'fct_section47': {'list': 'section47', 'day': 's47_start_date', 'listed_day': 's47_start_date', 'key': 's47_key', 'fields': {
        'icpc_date': [known_by('listed.icpc_date'), known_by('census.icpc_date')],
    }},
    'fct_cp_plan': {'list': 'child_protection', 'day': 'start_date', 'listed_day': 'cpp_start_date', 'key': 'cp_plan_key', 'fields': {
        'end_date': [known_by('listed.cpp_end_date'), known_by('census.end_date')],
        'initial_category': ['listed.initial_category', 'census.initial_category'],
        'previous_plans': ['listed.previous_plans', 'census.previous_plans'],
    }},
} -%}
with

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

episodes as (
    select * from {{ ref('stg_council__cin_census__cin_details') }}
),

census_reach as (
    select
        area_code,
        min(period_start) as census_from,
        max(period_end) as census_until
    from episodes
    group by area_code
),
{% for fact, one in facts.items() %}
{{ fact }}_census as (
    select * from {{ ref(fact) }}
    where source = 'cin_census'
),

{{ fact }}_identified as (
    select
        in_list.*,
        tokens.person_key,
        {{ snapshot_date('in_list') }} as snapshot_date
    from {{ ref('stg_council__annex_a__' ~ one['list']) }} as in_list
    left join tokens
        on in_list.child_token = tokens.child_token
),

{{ fact }}_listed as (
    select *
    from {{ fact }}_identified
    {{ newest_return_wins(['area_code', 'person_key', one['listed_day']]) }}
),
{% endfor %}
-- An event that both tell of, a field at a time. A date after the snapshot was not known to the list, so it is no difference.
different as (
    {%- for fact, one in facts.items() %}
    {%- set outer = loop %}
    {%- for field, said in one['fields'].items() %}
    select
        'different' as gap,
        '{{ fact }}' as fact,
        '{{ field }}' as field,
        listed.area_code,
        listed.person_key,
        listed.{{ one['listed_day'] }} as event_date,
        census.{{ one['key'] }} as event_key,
        listed.snapshot_date,
        listed.submission_id,
        listed.source_table,
        listed.source_row,
        census.submission_id as census_submission_id,
        census.source_row as census_source_row
    from {{ fact }}_listed as listed
    inner join {{ fact }}_census as census
        on
            listed.area_code = census.area_code
            and listed.person_key = census.person_key
            and listed.{{ one['listed_day'] }} = census.{{ one['day'] }}
    where {{ said[0] }} is distinct from {{ said[1] }}
    {%- if not (loop.last and outer.last) %}
    union all
    {%- endif %}
    {%- endfor %}
    {%- endfor %}
),

-- An event of the list inside the years that the census covers, which the census does not have.
list_only as (
    {%- for fact, one in facts.items() %}
    select
        'only_in_list' as gap,
        '{{ fact }}' as fact,
        cast(null as string) as field,
        listed.area_code,
        listed.person_key,
        listed.{{ one['listed_day'] }} as event_date,
        cast(null as string) as event_key,
        listed.snapshot_date,
        listed.submission_id,
        listed.source_table,
        listed.source_row,
        cast(null as string) as census_submission_id,
        cast(null as bigint) as census_source_row
    from {{ fact }}_listed as listed
    inner join census_reach
        on
            listed.area_code = census_reach.area_code
            and listed.{{ one['listed_day'] }} between census_reach.census_from and census_reach.census_until
    left join {{ fact }}_census as census
        on
            listed.area_code = census.area_code
            and listed.person_key = census.person_key
            and listed.{{ one['listed_day'] }} = census.{{ one['day'] }}
    where census.{{ one['key'] }} is null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

united as (
    select * from different
    union all
    select * from list_only
),

-- The census may hold two assessments of one start; the difference is then told once.
final as (
    select
        {{ hash_key(['gap', 'fact', 'field', 'submission_id', 'source_row']) }} as gap_key,
        *
    from united
    qualify row_number() over (
        partition by gap, fact, field, submission_id, source_row
        order by census_source_row
    ) = 1
)

select * from final
