with

visits as (
    select * from {{ ref('stg_council__private_fostering__visits') }}
),

arrangements as (
    select * from {{ ref('fct_private_fostering_arrangement') }}
),

folded as (
    select *
    from visits
    {{ newest_return_wins(['area_code', 'visit_id']) }}
),

final as (
    select
        {{ hash_key(['folded.area_code', 'folded.visit_id']) }} as private_fostering_visit_key,
        arrangements.private_fostering_key,
        arrangements.person_key,
        folded.area_code,
        folded.due_on,
        folded.visited_on,
        folded.recorded_on,
        folded.seen_alone as is_seen_alone,
        coalesce(folded.visited_on <= folded.due_on, false) as is_on_time,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
    left join arrangements
        on {{ hash_key(['folded.area_code', 'folded.arrangement_id']) }} = arrangements.private_fostering_key
)

select * from final
