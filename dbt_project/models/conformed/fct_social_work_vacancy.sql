with

vacancies as (
    select * from {{ ref('stg_council__social_work_workforce__vacancies') }}
),

folded as (
    select *
    from vacancies
    {{ newest_return_wins(['area_code', 'period']) }}
),

final as (
    select
        {{ hash_key(['area_code', 'period']) }} as vacancy_key,
        area_code,
        period as workforce_year,
        period_end as snapshot_on,
        vacancies_fte,
        agency_fte,
        agency_headcount,
        received_at as recorded_at,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
