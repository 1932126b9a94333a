with

visits as (
    select * from {{ ref('stg_council__child_protection_activity__visits') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

plans as (
    select * from {{ ref('fct_cp_plan') }}
),

identified as (
    select
        visits.*,
        tokens.person_key
    from visits
    left join tokens
        on visits.child_token = tokens.child_token
),

folded as (
    select *
    from identified
    {{ newest_return_wins(['area_code', 'visit_id']) }}
),

-- A plan that began after the last census is not in fct_cp_plan yet; the visit waits for it without a plan.
final as (
    select
        {{ hash_key(['folded.area_code', 'folded.visit_id']) }} as cp_visit_key,
        plans.cp_plan_key,
        folded.person_key,
        folded.area_code,
        folded.plan_start_date,
        folded.visit_date,
        folded.recorded_on,
        folded.seen as is_seen,
        folded.seen_alone as is_seen_alone,
        folded.bedroom_seen as is_bedroom_seen,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
    left join plans
        on
            folded.area_code = plans.area_code
            and folded.person_key = plans.person_key
            and folded.plan_start_date = plans.start_date
)

select * from final
