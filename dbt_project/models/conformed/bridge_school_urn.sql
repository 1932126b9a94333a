with

schools as (
    select * from {{ ref('dim_school') }}
),

after_it as (
    select * from {{ ref('bridge_school_successor') }}
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

-- The nearest successor that is open. Should two be equally near, the lower number takes it, so that one row never counts twice.
successors as (
    select
        open_schools.academic_year,
        open_schools.area_code,
        after_it.school_urn as sent_urn,
        open_schools.school_urn
    from after_it
    inner join open_schools
        on after_it.successor_urn = open_schools.school_urn
    qualify row_number() over (
        partition by open_schools.academic_year, open_schools.area_code, after_it.school_urn
        order by after_it.hops, open_schools.school_urn
    ) = 1
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
