with

factors as (
    select * from {{ ref('stg_council__cin_census__assessment_factors') }}
),

assessments as (
    select * from {{ ref('fct_assessment') }}
),

-- Factors of the row that speaks for the assessment; older censuses' factors of the same assessment are history.
identified as (
    select
        factors.*,
        assessments.assessment_key,
        assessments.person_key,
        assessments.authorisation_date
    from factors
    inner join assessments
        on
            factors.submission_id = assessments.submission_id
            and factors.parent_row = assessments.source_row
),

folded as (
    select *
    from identified
    {{ newest_return_wins(['assessment_key', 'factor']) }}
),

final as (
    select
        {{ hash_key(['assessment_key', 'factor']) }} as assessment_factor_key,
        assessment_key,
        person_key,
        area_code,
        authorisation_date,
        factor,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
