-- 3 is partly met, 4 is not met.
with gaps as (
    select distinct school_return_key
    from {{ ref('fct_school_response') }}
    where answer in ('3', '4')
),

-- The latest version speaks for the school, whenever it came.
schools as (
    select
        latest.*,
        {{ deadline_of('latest.academic_year') }} as final_deadline,
        gaps.school_return_key is not null as has_gap
    from {{ ref('fct_school_return') }} as latest
    left join gaps on latest.school_return_key = gaps.school_return_key
    where latest.is_latest
)

{{ indicator_record(
    'ED03', 'schools',
    key="concat(rec.academic_year, ':', rec.area_code, ':', rec.school_urn)",
    event_date='rec.final_deadline',
    person_key=none,
    in_numerator='rec.has_gap'
) }}
