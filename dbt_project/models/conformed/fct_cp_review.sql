with

census_reviews as (
    select * from {{ ref('stg_council__cin_census__cp_reviews') }}
),

census_plans as (
    select * from {{ ref('stg_council__cin_census__cp_plans') }}
),

local_reviews as (
    select * from {{ ref('stg_council__child_protection_activity__reviews') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

plans as (
    select * from {{ ref('fct_cp_plan') }}
),

from_census as (
    select
        census_reviews.area_code,
        tokens.person_key,
        census_plans.cpp_start_date as plan_start_date,
        census_reviews.review_date,
        census_reviews.period,
        census_reviews.period_end,
        census_reviews.received_at,
        census_reviews.submission_id,
        census_reviews.source_table,
        census_reviews.source_row
    from census_reviews
    left join census_plans
        on
            census_reviews.submission_id = census_plans.submission_id
            and census_reviews.parent_row = census_plans.source_row
    left join tokens
        on census_reviews.child_token = tokens.child_token
),

census_folded as (
    select *
    from from_census
    {{ newest_return_wins(['area_code', 'person_key', 'plan_start_date', 'review_date']) }}
),

from_local as (
    select
        local_reviews.*,
        tokens.person_key
    from local_reviews
    left join tokens
        on local_reviews.child_token = tokens.child_token
),

-- A review has an id of its own in the local return, so a corrected date replaces the wrong one; after that, one a plan and day.
local_by_id as (
    select *
    from from_local
    {{ newest_return_wins(['area_code', 'review_id']) }}
),

local_folded as (
    select *
    from local_by_id
    {{ newest_return_wins(['area_code', 'person_key', 'plan_start_date', 'review_date']) }}
),

-- The same review in both is one review: the census says that it was held, the local return how it went.
said as (
    select
        coalesce(census_folded.area_code, local_folded.area_code) as area_code,
        coalesce(census_folded.person_key, local_folded.person_key) as person_key,
        coalesce(census_folded.plan_start_date, local_folded.plan_start_date) as plan_start_date,
        coalesce(census_folded.review_date, local_folded.review_date) as review_date,
        local_folded.due_on,
        local_folded.recorded_on,
        local_folded.quorate as is_quorate,
        local_folded.child_participation,
        local_folded.plan_continues as does_plan_continue,
        local_folded.category,
        case
            when local_folded.submission_id is null then 'census'
            when census_folded.submission_id is null then 'local'
            else 'both'
        end as source,
        census_folded.period as census_year,
        coalesce(census_folded.submission_id, local_folded.submission_id) as submission_id,
        coalesce(census_folded.source_table, local_folded.source_table) as source_table,
        coalesce(census_folded.source_row, local_folded.source_row) as source_row
    from census_folded
    full outer join local_folded
        on
            census_folded.area_code = local_folded.area_code
            and census_folded.person_key = local_folded.person_key
            and census_folded.plan_start_date = local_folded.plan_start_date
            and census_folded.review_date = local_folded.review_date
),

-- A plan that began after the last census is not in fct_cp_plan yet; the review waits for it without a plan.
final as (
    select
        {{ hash_key(['said.area_code', 'said.person_key', 'said.plan_start_date', 'said.review_date']) }} as cp_review_key,
        plans.cp_plan_key,
        said.person_key,
        said.area_code,
        said.plan_start_date,
        said.review_date,
        said.due_on,
        said.recorded_on,
        said.is_quorate,
        said.child_participation,
        said.does_plan_continue,
        said.category,
        said.source,
        said.census_year,
        said.submission_id,
        said.source_table,
        said.source_row
    from said
    left join plans
        on
            said.area_code = plans.area_code
            and said.person_key = plans.person_key
            and said.plan_start_date = plans.start_date
)

select * from final
