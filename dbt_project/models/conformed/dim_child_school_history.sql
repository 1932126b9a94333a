with

on_roll as (
    select * from {{ ref('stg_school__school_census__pupil_on_roll') }}
),

off_roll as (
    select * from {{ ref('stg_school__school_census__pupil_no_longer_on_roll') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

seen as (
    select
        submission_id, source_table, source_row, area_code, period_start, period_end, received_at, child_token, school_ref,
        coalesce(entered_on, period_start) as valid_from, cast(null as date) as left_on, enrolment_status
    from on_roll
    union all
    select
        submission_id, source_table, source_row, area_code, period_start, period_end, received_at, child_token, school_ref,
        coalesce(entered_on, least(period_start, left_on)) as valid_from, left_on, cast(null as string) as enrolment_status
    from off_roll
),

identified as (
    select
        seen.*,
        tokens.person_key
    from seen
    inner join tokens
        on seen.child_token = tokens.child_token
),

newest_census as (
    select area_code, max(period_end) as period_end
    from on_roll
    group by area_code
),

-- One row a stay. The newest census that says when it ended is believed; a stay that no later census shows has no end, and
-- says when it was last seen instead: we do not know where the child is.
stays as (
    select
        person_key,
        area_code,
        school_ref,
        valid_from,
        max_by(left_on, period_end) filter (where left_on is not null) as valid_to,
        max_by(enrolment_status, period_end) filter (where enrolment_status is not null) as enrolment_status,
        min(period_start) as first_seen_on,
        max(period_end) as last_seen_on,
        max_by(submission_id, concat(cast(period_end as string), cast(received_at as string), submission_id)) as submission_id,
        max_by(source_table, concat(cast(period_end as string), cast(received_at as string), submission_id)) as source_table,
        max_by(source_row, concat(cast(period_end as string), cast(received_at as string), submission_id)) as source_row
    from identified
    group by person_key, area_code, school_ref, valid_from
),

final as (
    select
        {{ hash_key(['stays.person_key', 'stays.area_code', 'stays.school_ref', 'stays.valid_from']) }} as stay_key,
        stays.person_key,
        stays.area_code,
        stays.school_ref,
        stays.valid_from,
        stays.valid_to,
        stays.valid_to is null and stays.last_seen_on = newest_census.period_end as is_current,
        stays.enrolment_status,
        stays.first_seen_on,
        stays.last_seen_on,
        stays.submission_id,
        stays.source_table,
        stays.source_row
    from stays
    left join newest_census
        on stays.area_code = newest_census.area_code
)

select * from final
