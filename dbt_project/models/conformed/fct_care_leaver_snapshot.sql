with

listed as (
    select * from {{ ref('stg_council__annex_a__care_leavers') }}
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
        partition by area_code, period, person_key
        order by submission_id, source_row
    ) = 1
),

final as (
    select
        {{ hash_key(['area_code', 'period', 'person_key']) }} as care_leaver_snapshot_key,
        person_key,
        area_code,
        snapshot_date,
        was_uasc = '1' as is_uasc,
        eligibility,
        in_touch,
        latest_contact_date,
        pathway_review_date,
        accommodation,
        accommodation_suitable,
        activity,
        'annex_a' as source,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
