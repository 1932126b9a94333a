with

schools as (
    select * from {{ ref('dim_school') }}
),

open_schools as (
    select
        academic_year,
        area_code,
        school_urn as sent_urn,
        school_urn
    from schools
    where status = 'OPEN'
),

-- Should two schools name the same predecessor, the lower number takes it, so that one row never counts twice.
successors as (
    select
        academic_year,
        area_code,
        predecessor_urn as sent_urn,
        min(school_urn) as school_urn
    from schools
    where predecessor_urn is not null and status = 'OPEN'
    group by academic_year, area_code, predecessor_urn
),

-- An open school's own number is always its own, also where another school names it as predecessor.
final as (
    select * from open_schools
    union all
    select successors.*
    from successors
    left join open_schools
        on
            successors.academic_year = open_schools.academic_year
            and successors.area_code = open_schools.area_code
            and successors.sent_urn = open_schools.sent_urn
    where open_schools.sent_urn is null
)

select * from final
