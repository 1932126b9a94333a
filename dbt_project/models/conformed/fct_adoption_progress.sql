with

listed as (
    select * from {{ ref('stg_council__annex_a__adoption') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

identified as (
    select
        listed.*,
        tokens.person_key
    from listed
    left join tokens
        on listed.child_token = tokens.child_token
),

folded as (
    select *
    from identified
    {{ newest_return_wins(['area_code', 'person_key', 'decision_date']) }}
),

final as (
    select
        {{ hash_key(['area_code', 'person_key', 'decision_date']) }} as adoption_progress_key,
        person_key,
        area_code,
        decision_date,
        entered_care_date,
        placement_order_date,
        matched_date,
        placed_date,
        adoption_order_date,
        reversed_date,
        reversal_reason,
        ffa_date,
        'annex_a' as source,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
