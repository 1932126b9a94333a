with

plans as (
    select * from {{ ref('fct_cp_plan') }}
),

reviews as (
    select * from {{ ref('fct_cp_review') }}
),

-- What each conference decided: the initial one by the census, the later ones by the reviews.
decided as (
    select
        cp_plan_key,
        start_date as decided_on,
        initial_category as category,
        'initial conference' as decided_by,
        1 as precedence,
        submission_id,
        source_table,
        source_row
    from plans
    where initial_category is not null
    union all
    select
        cp_plan_key,
        review_date as decided_on,
        category,
        'review' as decided_by,
        2 as precedence,
        submission_id,
        source_table,
        source_row
    from reviews
    where category is not null and cp_plan_key is not null
),

one_a_day as (
    select *
    from decided
    qualify row_number() over (partition by cp_plan_key, decided_on order by precedence desc) = 1
),

compared as (
    select
        *,
        lag(category) over (partition by cp_plan_key order by decided_on) as category_before
    from one_a_day
),

changes as (
    select
        *,
        lead(decided_on) over (partition by cp_plan_key order by decided_on) as next_decided_on
    from compared
    where category_before is null or category_before <> category
),

-- The last category lasts as long as the plan. Where it is not the census's latest, a change came without a review that says so.
final as (
    select
        {{ hash_key(['changes.cp_plan_key', 'changes.decided_on']) }} as plan_category_key,
        changes.cp_plan_key,
        plans.person_key,
        plans.area_code,
        changes.category,
        changes.decided_by,
        changes.decided_on as valid_from,
        coalesce({{ add_days('changes.next_decided_on', -1) }}, plans.end_date) as valid_to,
        case
            when changes.next_decided_on is null then coalesce(changes.category = plans.latest_category, false)
        end as is_latest_of_census,
        changes.submission_id,
        changes.source_table,
        changes.source_row
    from changes
    inner join plans
        on changes.cp_plan_key = plans.cp_plan_key
)

select * from final
