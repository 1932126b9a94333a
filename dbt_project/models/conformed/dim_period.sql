with

days as (
    select * from {{ ref('dim_date') }}
),

data_as_of as (
    select * from {{ ref('dim_data_as_of') }}
),

last_day as (
    select as_of
    from data_as_of
    where data_as_of_key = 'all'
),

months as (
    select
        'month' as period_type,
        {{ month_id('month_start') }} as period_id,
        {{ month_label('month_start') }} as period_label,
        month_start as start_date,
        max(date_day) as end_date
    from days
    group by month_start
),

quarters as (
    select
        'quarter' as period_type,
        quarter_id as period_id,
        concat('Quarter ', right(quarter_id, 1), ' of ', left(quarter_id, 7)) as period_label,
        min(date_day) as start_date,
        max(date_day) as end_date
    from days
    group by quarter_id
),

financial_years as (
    select
        'financial_year' as period_type,
        financial_year as period_id,
        concat('Year to March 20', right(financial_year, 2)) as period_label,
        min(date_day) as start_date,
        max(date_day) as end_date
    from days
    group by financial_year
),

rolling_12_months as (
    select
        'rolling_12_months' as period_type,
        concat(period_id, '-R12') as period_id,
        concat('12 months to the end of ', {{ month_label('end_date') }}) as period_label,
        {{ add_months('start_date', -9) }} as start_date,
        end_date
    from quarters
),

academic_years as (
    select
        'academic_year' as period_type,
        academic_year as period_id,
        concat('Academic year ', academic_year) as period_label,
        min(date_day) as start_date,
        max(date_day) as end_date
    from days
    group by academic_year
),

periods as (
    select * from months
    union all
    select * from quarters
    union all
    select * from financial_years
    union all
    select * from rolling_12_months
    union all
    select * from academic_years
),

-- A period appears once it has begun. Whether it has ended, and whether its returns are in, is the trust badge's business.
final as (
    select
        periods.period_type,
        periods.period_id,
        periods.period_label,
        periods.start_date,
        periods.end_date
    from periods
    cross join last_day
    where
        periods.start_date >= cast('{{ var("reporting_from") }}' as date)
        and coalesce(
            periods.end_date <= last_day.as_of
            or (periods.period_type <> 'rolling_12_months' and periods.start_date <= last_day.as_of),
            false
        )
)

select * from final
