with

on_roll as (
    select * from {{ ref('stg_school__school_census__pupil_on_roll') }}
),

off_roll as (
    select * from {{ ref('stg_school__school_census__pupil_no_longer_on_roll') }}
),

details_on_roll as (
    select * from {{ ref('stg_school__school_census__termly_session_details_on_roll') }}
),

details_off_roll as (
    select * from {{ ref('stg_school__school_census__termly_session_details_off_roll') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

code_list as (
    select * from {{ ref('code_list') }}
),

pupils as (
    select
        submission_id, source_table, source_row, submitter, area_code, period, period_start, period_end, received_at, child_token,
        school_ref, true as is_on_roll, entered_on, cast(null as date) as left_on, nc_year, enrolment_status, part_time, sen_provision,
        sen_unit, resourced_provision,
        sessions_possible, sessions_authorised, sessions_unauthorised, summer2_possible, summer2_authorised, summer2_unauthorised
    from on_roll
    union all
    select
        submission_id, source_table, source_row, submitter, area_code, period, period_start, period_end, received_at, child_token,
        school_ref, false as is_on_roll, entered_on, left_on, nc_year, cast(null as string) as enrolment_status, part_time,
        cast(null as string) as sen_provision, cast(null as boolean) as sen_unit, cast(null as boolean) as resourced_provision,
        sessions_possible, sessions_authorised, sessions_unauthorised, summer2_possible, summer2_authorised, summer2_unauthorised
    from off_roll
),

details as (
    select submission_id, child_token, attendance_code, sessions from details_on_roll
    union all
    select submission_id, child_token, attendance_code, sessions from details_off_roll
),

-- A code given twice for one pupil counts once, by its larger number.
by_code as (
    select submission_id, child_token, attendance_code, max(sessions) as sessions
    from details
    where child_token is not null
    group by submission_id, child_token, attendance_code
),

-- Since 2024/25 the spring and summer censuses give sessions by code only; the code list says how each counts.
counted as (
    select
        by_code.submission_id,
        by_code.child_token,
        sum(case when code_list.broad = 'Authorised absence' then by_code.sessions else 0 end) as authorised,
        sum(case when code_list.broad = 'Unauthorised absence' then by_code.sessions else 0 end) as unauthorised
    from by_code
    inner join code_list
        on
            code_list.code_list = 'attendance_code'
            and by_code.attendance_code = code_list.code
    group by by_code.submission_id, by_code.child_token
),

known as (
    select
        pupils.*,
        tokens.person_key,
        case
            when pupils.sessions_authorised is not null or pupils.sessions_unauthorised is not null
                then coalesce(pupils.sessions_authorised, 0)
            else counted.authorised
        end as authorised,
        case
            when pupils.sessions_authorised is not null or pupils.sessions_unauthorised is not null
                then coalesce(pupils.sessions_unauthorised, 0)
            else counted.unauthorised
        end as unauthorised,
        case
            when pupils.summer2_authorised is not null or pupils.summer2_unauthorised is not null
                then coalesce(pupils.summer2_authorised, 0) + coalesce(pupils.summer2_unauthorised, 0)
        end as summer2_absent
    from pupils
    inner join tokens
        on pupils.child_token = tokens.child_token
    left join counted
        on
            pupils.submission_id = counted.submission_id
            and pupils.child_token = counted.child_token
),

-- A pupil of a school in a term is one row: the roll speaks before the list of leavers, then the last sent.
folded as (
    select *
    from known
    qualify row_number() over (
        partition by area_code, period, person_key, school_ref
        order by is_on_roll desc, received_at desc, submission_id desc, source_row
    ) = 1
),

measured as (
    select
        *,
        authorised + unauthorised as absent,
        {{ add_months('period_start', "case extract(month from period_start) when 9 then -5 when 1 then -4 else -3 end") }} as attendance_from
    from folded
),

final as (
    select
        {{ hash_key(['area_code', 'period', 'person_key', 'school_ref']) }} as pupil_term_key,
        person_key,
        area_code,
        school_ref,
        period as census_term,
        {{ year_id('period_start', 9) }} as academic_year,
        is_on_roll,
        entered_on,
        left_on,
        nc_year,
        enrolment_status,
        part_time,
        sen_provision,
        sen_unit,
        resourced_provision,
        attendance_from,
        {{ add_days('period_start', -1) }} as attendance_to,
        sessions_possible,
        authorised as sessions_authorised,
        unauthorised as sessions_unauthorised,
        absent as sessions_absent,
        summer2_possible,
        summer2_absent,
        case when sessions_possible > 0 then absent / sessions_possible >= 0.1 end as is_persistently_absent,
        case when sessions_possible > 0 then absent / sessions_possible >= 0.5 end as is_severely_absent,
        received_at as recorded_at,
        submission_id,
        source_table,
        source_row
    from measured
)

select * from final
