with

workers as (
    select * from {{ ref('stg_council__social_work_workforce__workers') }}
),

-- A worker recorded twice with the same start is one post; the last record of the file speaks.
folded as (
    select *
    from workers
    qualify row_number() over (
        partition by area_code, period, coalesce(worker_number, concat(submission_id, '/', cast(source_row as string))), role_start_date
        order by received_at desc, submission_id desc, source_row desc
    ) = 1
),

placed as (
    select
        *,
        role_end_date is not null and role_end_date <= period_end as has_left,
        role_start_date between period_start and period_end as started_in_year,
        role_end_date between period_start and period_end as left_in_year
    from folded
),

final as (
    select
        {{ hash_key(['area_code', 'period', "coalesce(worker_number, concat(submission_id, '/', cast(source_row as string)))", 'role_start_date']) }} as post_key,
        area_code,
        period as workforce_year,
        period_end as snapshot_on,
        worker_number as worker_token,
        coalesce(agency_worker, false) as is_agency,
        role,
        coalesce(role = '5', false) as is_case_holder,
        not coalesce(has_left, false) as is_in_post,
        role_start_date,
        role_end_date,
        start_origin,
        leaver_destination,
        leaving_reason,
        coalesce(started_in_year, false) as is_starter,
        coalesce(left_in_year, false) as is_leaver,
        case when coalesce(has_left, false) then 0.0 else coalesce(fte_at_30_september, fte, 0.0) end as fte_in_post,
        case when coalesce(left_in_year, false) then coalesce(fte, fte_at_30_september, 0.0) else 0.0 end as fte_left,
        case when coalesce(has_left, false) then null else cases_at_30_september end as cases_held,
        working_days_lost,
        coalesce(absent_at_30_september, false) as is_absent,
        absence_reason,
        received_at as recorded_at,
        submission_id,
        source_table,
        source_row
    from placed
)

select * from final
