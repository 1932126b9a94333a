with

dash_assessments as (
    select * from {{ ref('stg_police__dash_marac__dash_assessments') }}
),

councils as (
    select * from {{ ref('area') }}
    where area_type = 'council'
),

folded as (
    select *
    from dash_assessments
    {{ newest_return_wins(['submitter', 'assessment_ref']) }}
),

final as (
    select
        {{ hash_key(['folded.submitter', 'folded.assessment_ref']) }} as assessment_key,
        councils.area_code,
        folded.home_la,
        folded.incident_ref,
        folded.assessed_at,
        folded.risk_grade,
        folded.risk_grade <> 'NOT_DONE' as is_done,
        folded.children_in_household,
        folded.referred_to_marac,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
    left join councils
        on folded.home_la = cast(councils.la_code as string)
)

select * from final
