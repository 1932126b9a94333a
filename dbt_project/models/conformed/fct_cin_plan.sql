with

plans as (
    select * from {{ ref('stg_council__cin_census__cin_plans') }}
),

episodes as (
    select * from {{ ref('stg_council__cin_census__cin_details') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

identified as (
    select
        plans.*,
        tokens.person_key,
        episodes.referral_date
    from plans
    left join episodes
        on
            plans.submission_id = episodes.submission_id
            and plans.parent_row = episodes.source_row
    left join tokens
        on plans.child_token = tokens.child_token
),

folded as (
    select *
    from identified
    {{ newest_return_wins(['area_code', 'person_key', 'cin_plan_start_date']) }}
),

final as (
    select
        {{ hash_key(['area_code', 'person_key', 'cin_plan_start_date']) }} as cin_plan_key,
        {{ hash_key(['area_code', 'person_key', 'referral_date']) }} as referral_key,
        person_key,
        area_code,
        referral_date,
        cin_plan_start_date as start_date,
        cin_plan_end_date as end_date,
        period as census_year,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
