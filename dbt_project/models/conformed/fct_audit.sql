with

audits as (
    select * from {{ ref('stg_partnership__audits__audits') }}
),

councils as (
    select * from {{ ref('area') }}
    where area_type = 'council'
),

folded as (
    select *
    from audits
    {{ newest_return_wins(['submitter', 'audit_ref', 'case_no', 'agency_name']) }}
),

final as (
    select
        {{ hash_key(['folded.submitter', 'folded.audit_ref', 'folded.case_no', 'folded.agency_name']) }} as audit_key,
        {{ hash_key(['folded.submitter', 'folded.audit_ref', 'folded.case_no']) }} as case_key,
        councils.area_code,
        folded.audit_ref,
        folded.audited_on,
        folded.agency_name,
        folded.themes,
        folded.own_grade,
        folded.moderated_grade,
        folded.moderated_on,
        coalesce(folded.moderated_grade in ('OUTSTANDING', 'GOOD'), false) as is_good_or_better,
        folded.own_grade <> folded.moderated_grade as is_grade_changed,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
    left join councils
        on folded.council_area = cast(councils.la_code as string)
)

select * from final
