with

schools as (
    select * from {{ ref('stg_school__school_register__schools') }}
),

final as (
    select
        period as academic_year,
        area_code,
        school_urn,
        predecessor_urn,
        laestab,
        school_name,
        phase,
        school_type,
        status,
        opened_on,
        closed_on,
        district,
        trust_name,
        roll,
        register_date,
        submission_id,
        source_table,
        source_row
    from schools
    {{ newest_return_wins(['area_code', 'period', 'school_urn']) }}
)

select * from final
