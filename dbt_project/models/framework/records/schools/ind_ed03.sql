with latest_return as (
    select * from {{ ref('fct_school_return') }}
    where is_latest
),

-- 3 is partly met, 4 is not met.
gaps as (
    select distinct
        academic_year,
        area_code,
        school_urn,
        version
    from {{ ref('fct_school_response') }}
    where answer in ('3', '4')
),

schools as (
    select
        latest_return.*,
        {{ deadline_of('latest_return.academic_year') }} as final_deadline,
        gaps.school_urn is not null as has_gap
    from latest_return
    left join gaps
        on
            latest_return.academic_year = gaps.academic_year
            and latest_return.area_code = gaps.area_code
            and latest_return.school_urn = gaps.school_urn
            and latest_return.version = gaps.version
)

{{ indicator_record(
    'ED03', 'schools',
    key="rec.academic_year || ':' || rec.school_urn",
    event_date='rec.final_deadline',
    person_key=none,
    in_numerator='rec.has_gap'
) }}
