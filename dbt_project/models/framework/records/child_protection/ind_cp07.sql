with plans as (
    select * from {{ ref('fct_cp_plan') }}
)

{{ indicator_record(
    'CP07', 'plans',
    key='rec.cp_plan_key',
    event_date='rec.start_date',
    in_numerator='rec.previous_plans > 0'
) }}
