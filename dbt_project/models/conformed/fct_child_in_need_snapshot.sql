with

listed as (
    select * from {{ ref('stg_council__annex_a__children_in_need') }}
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
        partition by area_code, period, person_key, cin_start_date
        order by submission_id, source_row
    ) = 1
),

final as (
    select
        {{ hash_key(['area_code', 'period', 'person_key', 'cin_start_date']) }} as cin_snapshot_key,
        person_key,
        area_code,
        snapshot_date,
        cin_start_date as start_date,
        closure_date as end_date,
        {{ is_open_on('cin_start_date', 'closure_date', 'snapshot_date') }} as is_open,
        primary_need,
        case_status,
        closure_reason,
        last_seen_date,
        {{ days_between('last_seen_date', 'snapshot_date') }} as days_since_seen,
        'annex_a' as source,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
