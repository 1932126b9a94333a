with

days as (
    {{ date_spine("'" ~ var('first_day') ~ "'", "'" ~ var('last_day') ~ "'", 'date_day') }}
),

bank_holidays as (
    select * from {{ ref('bank_holidays') }}
),

marked as (
    select
        days.date_day,
        {{ iso_weekday('days.date_day') }} <= 5 and bank_holidays.holiday_date is null as is_working_day
    from days
    left join bank_holidays
        on days.date_day = bank_holidays.holiday_date
),

-- The running number makes "working days in (a, b]" one subtraction, whatever lies between.
final as (
    select
        date_day,
        is_working_day,
        cast(
            sum(case when is_working_day then 1 else 0 end) over (
                order by date_day rows between unbounded preceding and current row
            ) as bigint
        ) as working_day_number,
        {{ month_start('date_day') }} as month_start,
        {{ quarter_id('date_day') }} as quarter_id,
        {{ year_id('date_day', 4) }} as financial_year,
        {{ year_id('date_day', 9) }} as academic_year
    from marked
)

select * from final
