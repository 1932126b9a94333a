with

listed as (
    select * from {{ ref('stg_council__annex_a__looked_after') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

identified as (
    select
        listed.*,
        tokens.person_key,
        {{ snapshot_date('listed') }} as snapshot_date
    from listed
    left join tokens
        on listed.child_token = tokens.child_token
),

-- Two ids of one child, or a row twice: one row a person and snapshot.
folded as (
    select *
    from identified
    qualify row_number() over (
        partition by area_code, period, person_key, started_on
        order by submission_id, source_row
    ) = 1
),

final as (
    select
        {{ hash_key(['area_code', 'period', 'person_key', 'started_on']) }} as looked_after_snapshot_key,
        person_key,
        area_code,
        snapshot_date,
        started_on as start_date,
        ceased_on as end_date,
        {{ is_open_on('started_on', 'ceased_on', 'snapshot_date') }} as is_open,
        uasc = '1' as is_uasc,
        second_period,
        legal_status_from,
        legal_status,
        category_of_need,
        latest_review_date,
        last_visit_date,
        permanence_plan,
        last_iro_date,
        last_health_date,
        last_dental_date,
        placements_12_months,
        reason_ceased,
        placement_from,
        placement_type,
        placement_provider,
        placement_location,
        placement_la,
        missing_12_months,
        absent_12_months,
        rhi_offered = '1' as is_rhi_offered,
        rhi_accepted = '1' as is_rhi_accepted,
        'annex_a' as source,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
