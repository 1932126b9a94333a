with ended_plans as (
    select * from {{ ref('fct_cp_plan') }}
    where end_date is not null
)

{{ indicator_record(
    'CP09B', 'ended_plans',
    key='rec.cp_plan_key',
    event_date='rec.end_date',
    in_numerator='rec.end_date >= ' ~ add_months('rec.start_date', 24)
) }}
