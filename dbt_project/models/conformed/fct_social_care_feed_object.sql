with

disabilities as (
    select * from {{ ref('stg_council__csc_daily__disabilities') }}
),

sdq_assessments as (
    select * from {{ ref('stg_council__csc_daily__sdq_assessments') }}
),

ehc_plans as (
    select * from {{ ref('stg_council__csc_daily__ehc_plans') }}
),

assessment_factors as (
    select * from {{ ref('stg_council__csc_daily__assessment_factors') }}
),

adoptions as (
    select * from {{ ref('stg_council__csc_daily__adoptions') }}
),

care_leavers as (
    select * from {{ ref('stg_council__csc_daily__care_leavers') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

-- One shape for the feed's short lists: what it is, when, which code or score. What the case system has deleted is left out.
objects as (
    select
        child_token,
        area_code,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        'disability' as kind,
        cast(null as date) as event_date,
        disability as code,
        cast(null as bigint) as score
    from disabilities
    union all
    select
        child_token,
        area_code,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        'sdq' as kind,
        assessed_on as event_date,
        cast(null as string) as code,
        score
    from sdq_assessments
    union all
    select
        child_token,
        area_code,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        'ehc_plan' as kind,
        coalesce(plan_start_date, request_received_date) as event_date,
        cast(null as string) as code,
        cast(null as bigint) as score
    from ehc_plans
    where not coalesce(is_purged, false)
    union all
    select
        child_token,
        area_code,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        'assessment_factor' as kind,
        cast(null as date) as event_date,
        factor as code,
        cast(null as bigint) as score
    from assessment_factors
    union all
    select
        child_token,
        area_code,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        'adoption' as kind,
        coalesce(placed_date, matched_date, initial_decision_date) as event_date,
        cast(null as string) as code,
        cast(null as bigint) as score
    from adoptions
    where not coalesce(is_purged, false)
    union all
    select
        child_token,
        area_code,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        'care_leaver' as kind,
        contact_date as event_date,
        activity as code,
        cast(null as bigint) as score
    from care_leavers
    where not coalesce(is_purged, false)
),

final as (
    select
        {{ hash_key(['objects.submission_id', 'objects.source_table', 'objects.source_row']) }} as feed_object_key,
        tokens.person_key,
        objects.area_code,
        objects.kind,
        objects.event_date,
        objects.code,
        objects.score,
        objects.period_end as as_at,
        objects.received_at as recorded_at,
        objects.submission_id,
        objects.source_table,
        objects.source_row
    from objects
    left join tokens
        on objects.child_token = tokens.child_token
)

select * from final
