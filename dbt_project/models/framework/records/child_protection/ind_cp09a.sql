with open_plans as (
    {{ open_at_month_ends(ref('fct_cp_plan'), 'council/cin_census') }}
)

{{ indicator_record(
    'CP09A', 'open_plans',
    key="concat(rec.cp_plan_key, '@', cast(rec.snapshot_date as string))",
    event_date='rec.snapshot_date',
    in_numerator=add_months('rec.start_date', 24) ~ ' <= rec.snapshot_date'
) }}
