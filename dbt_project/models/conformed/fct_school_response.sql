{%- set standards = [] -%}
{%- for name in source_columns('school__safeguarding_return', 'responses') if not name.startswith('_') and name not in ('school_urn', 'version') -%}
    {%- do standards.append(name) -%}
{%- endfor -%}
with

responses as (
    select * from {{ ref('stg_school__safeguarding_return__responses') }}
),

returns as (
    select * from {{ ref('fct_school_return') }}
),

standards as (
    select * from {{ ref('safeguarding_standard') }}
),

folded as (
    select *
    from responses
    {{ newest_return_wins(['period', 'area_code', 'school_urn', 'version']) }}
),

long as (
    {{ unpivot('folded', ['period', 'area_code', 'school_urn', 'version', 'submission_id', 'source_table', 'source_row'], standards, 'question', 'answer') }}
),

final as (
    select
        {{ hash_key(['long.period', 'long.area_code', 'long.school_urn', 'long.version', 'long.question']) }} as school_response_key,
        {{ hash_key(['long.period', 'long.area_code', 'long.school_urn', 'long.version']) }} as school_return_key,
        long.period as academic_year,
        long.area_code,
        coalesce(returns.school_urn, long.school_urn) as school_urn,
        long.school_urn as sent_urn,
        long.version,
        coalesce(returns.is_latest, false) as is_latest,
        long.question,
        cast(standards.part as bigint) as part,
        long.answer,
        long.submission_id,
        long.source_table,
        long.source_row
    from long
    left join returns
        on
            long.period = returns.academic_year
            and long.area_code = returns.area_code
            and long.school_urn = returns.sent_urn
            and long.version = returns.version
    left join standards
        on long.question = standards.question
)

select * from final
