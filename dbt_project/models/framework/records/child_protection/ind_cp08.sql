with as_of as (
    {{ data_as_of('council/cin_census') }}
),

all_plans as (
    select * from {{ ref('fct_cp_plan') }}
),

-- 730 days before the start, both ends counted: a plan that ends on the day the next one starts is a return.
returned as (
    select distinct plan.cp_plan_key
    from all_plans as plan
    inner join all_plans as earlier
        on
            plan.area_code = earlier.area_code
            and plan.person_key = earlier.person_key
            and plan.cp_plan_key <> earlier.cp_plan_key
            and earlier.start_date < plan.start_date
    where earlier.end_date between {{ add_days('plan.start_date', -730) }} and plan.start_date
),

plans as (
    select
        plan.*,
        returned.cp_plan_key is not null as is_return,
        {{ add_days('plan.start_date', -730) }} as look_back_from,
        as_of.history_start
    from all_plans as plan
    left join returned on plan.cp_plan_key = returned.cp_plan_key
    left join as_of on plan.area_code = as_of.area_code
)

{{ indicator_record(
    'CP08', 'plans',
    key='rec.cp_plan_key',
    event_date='rec.start_date',
    in_numerator='rec.is_return',
    excluded_because="case when rec.look_back_from < rec.history_start then 'history too short' end"
) }}
