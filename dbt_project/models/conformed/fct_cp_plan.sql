with

plans as (
    select * from {{ ref('stg_council__cin_census__cp_plans') }}
),

list_plans as (
    select * from {{ ref('stg_council__annex_a__child_protection') }}
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
    {{ newest_return_wins(['area_code', 'person_key', 'cpp_start_date']) }}
),

listed as (
    {{ listed_since_census('list_plans', 'episodes', 'cpp_start_date') }}
),

list_folded as (
    select *
    from listed
    {{ newest_return_wins(['area_code', 'person_key', 'cpp_start_date']) }}
),

said as (
    select
        'cin_census' as source,
        area_code,
        person_key,
        referral_date,
        cpp_start_date,
        cpp_end_date,
        initial_category,
        latest_category,
        previous_plans,
        period as census_year,
        submission_id,
        source_table,
        source_row
    from folded
    union all
    select
        'annex_a' as source,
        area_code,
        person_key,
        cast(null as date) as referral_date,
        cpp_start_date,
        cpp_end_date,
        initial_category,
        latest_category,
        previous_plans,
        cast(null as string) as census_year,
        submission_id,
        source_table,
        source_row
    from list_folded
),

believed as (
    select *
    from said
    {{ believed_first('fct_cp_plan', ['area_code', 'person_key', 'cpp_start_date']) }}
),

final as (
    select
        {{ hash_key(['area_code', 'person_key', 'cpp_start_date']) }} as cp_plan_key,
        case
            when source = 'cin_census'
                then {{ hash_key(['area_code', 'person_key', 'referral_date']) }}
        end as referral_key,
        person_key,
        area_code,
        referral_date,
        cpp_start_date as start_date,
        cpp_end_date as end_date,
        initial_category,
        latest_category,
        previous_plans,
        source,
        census_year,
        submission_id,
        source_table,
        source_row
    from believed
)

select * from final
