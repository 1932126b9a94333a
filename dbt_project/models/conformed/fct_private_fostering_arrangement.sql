with

arrangements as (
    select * from {{ ref('stg_council__private_fostering__arrangements') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

folded as (
    select *
    from arrangements
    {{ newest_return_wins(['area_code', 'arrangement_id']) }}
),

final as (
    select
        {{ hash_key(['folded.area_code', 'folded.arrangement_id']) }} as private_fostering_key,
        tokens.person_key,
        folded.area_code,
        folded.notified_on,
        folded.started_on,
        folded.ended_on,
        folded.end_reason,
        folded.recorded_on,
        coalesce(folded.notified_on > folded.started_on, false) as is_notified_after_start,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
    left join tokens
        on folded.child_token = tokens.child_token
)

select * from final
