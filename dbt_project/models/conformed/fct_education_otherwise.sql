with

spells as (
    select * from {{ ref('stg_council__ehe_cme__spells') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

identified as (
    select
        spells.*,
        tokens.person_key
    from spells
    left join tokens
        on spells.child_token = tokens.child_token
),

folded as (
    select *
    from identified
    {{ newest_return_wins(['area_code', 'person_key', 'status', 'started_on']) }}
),

-- A child who moves between home education and missing education has two spells; the second one knows the first.
with_previous as (
    select
        *,
        lag(status) over (partition by area_code, person_key order by started_on, status) as previous_status,
        lag(ended_on) over (partition by area_code, person_key order by started_on, status) as previous_ended_on
    from folded
),

final as (
    select
        {{ hash_key(['area_code', 'person_key', 'status', 'started_on']) }} as education_otherwise_key,
        person_key,
        area_code,
        status,
        started_on,
        ended_on,
        reason,
        end_reason,
        last_school_urn,
        sw_involved as has_social_worker,
        recorded_on,
        previous_status,
        previous_ended_on,
        coalesce(previous_status <> status, false) as is_move_between,
        submission_id,
        source_table,
        source_row
    from with_previous
)

select * from final
