with

reviews as (
    select * from {{ ref('stg_council__cin_census__cp_reviews') }}
),

plans as (
    select * from {{ ref('stg_council__cin_census__cp_plans') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

identified as (
    select
        reviews.*,
        tokens.person_key,
        plans.cpp_start_date
    from reviews
    left join plans
        on
            reviews.submission_id = plans.submission_id
            and reviews.parent_row = plans.source_row
    left join tokens
        on reviews.child_token = tokens.child_token
),

folded as (
    select *
    from identified
    {{ newest_return_wins(['area_code', 'person_key', 'cpp_start_date', 'review_date']) }}
),

final as (
    select
        {{ hash_key(['area_code', 'person_key', 'cpp_start_date', 'review_date']) }} as cp_review_key,
        {{ hash_key(['area_code', 'person_key', 'cpp_start_date']) }} as cp_plan_key,
        person_key,
        area_code,
        review_date,
        period as census_year,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
