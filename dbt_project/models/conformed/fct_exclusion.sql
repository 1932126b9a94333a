with

on_roll as (
    select * from {{ ref('stg_school__school_census__termly_exclusions_on_roll') }}
),

off_roll as (
    select * from {{ ref('stg_school__school_census__termly_exclusions_off_roll') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

sent as (
    select
        submission_id, source_table, source_row, area_code, period, period_end, received_at, child_token, school_ref, started_on, category,
        reason_1, reason_2, reason_3, sessions, sen_provision
    from on_roll
    union all
    select
        submission_id, source_table, source_row, area_code, period, period_end, received_at, child_token, school_ref, started_on, category,
        reason_1, reason_2, reason_3, sessions, sen_provision
    from off_roll
),

identified as (
    select
        sent.*,
        tokens.person_key
    from sent
    inner join tokens
        on sent.child_token = tokens.child_token
),

-- The same suspension comes again from the next school, in the next term, or under the roll and the leavers: it is one.
folded as (
    select *
    from identified
    {{ newest_return_wins(['area_code', 'person_key', 'started_on', 'category']) }}
),

final as (
    select
        {{ hash_key(['area_code', 'person_key', 'started_on', 'category']) }} as exclusion_key,
        person_key,
        area_code,
        school_ref,
        started_on,
        {{ year_id('started_on', 9) }} as academic_year,
        category,
        category = 'PERM' as is_permanent,
        reason_1,
        reason_2,
        reason_3,
        sessions,
        sen_provision,
        period as census_term,
        received_at as recorded_at,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
