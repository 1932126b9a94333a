with period_types as (
    {{ register_list('period_types', 'period_type') }}
)

select * from period_types
