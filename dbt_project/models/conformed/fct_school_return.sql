with

returns as (
    select * from {{ ref('stg_school__safeguarding_return__returns') }}
),

schools as (
    select * from {{ ref('dim_school') }}
),

-- A return that carries the number of a school's predecessor is that school's. Should two schools name the same
-- predecessor, the lower number takes it, so that one return never counts twice.
successors as (
    select
        academic_year,
        area_code,
        predecessor_urn,
        min(school_urn) as school_urn
    from schools
    where predecessor_urn is not null and status = 'OPEN'
    group by academic_year, area_code, predecessor_urn
),

open_schools as (
    select academic_year, area_code, school_urn
    from schools
    where status = 'OPEN'
),

mapped as (
    select
        returns.*,
        returns.school_urn as sent_urn,
        case
            when open_schools.school_urn is not null then returns.school_urn
            else coalesce(successors.school_urn, returns.school_urn)
        end as current_urn
    from returns
    left join open_schools
        on
            returns.period = open_schools.academic_year
            and returns.area_code = open_schools.area_code
            and returns.school_urn = open_schools.school_urn
    left join successors
        on
            returns.period = successors.academic_year
            and returns.area_code = successors.area_code
            and returns.school_urn = successors.predecessor_urn
),

folded as (
    select *
    from mapped
    {{ newest_return_wins(['period', 'area_code', 'sent_urn', 'version']) }}
),

-- A school's own return speaks before its predecessor's, then the highest version, then the last sent.
final as (
    select
        {{ hash_key(['period', 'area_code', 'sent_urn', 'version']) }} as school_return_key,
        period as academic_year,
        area_code,
        current_urn as school_urn,
        sent_urn,
        version,
        submitted_at,
        self_identified,
        signed_by_head,
        signed_by_governor,
        respondent_role,
        row_number() over (
            partition by period, area_code, current_urn
            order by case when sent_urn = current_urn then 0 else 1 end, version desc, submitted_at desc, sent_urn
        ) = 1 as is_latest,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
