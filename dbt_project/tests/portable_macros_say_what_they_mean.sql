{#- The engine's own arithmetic under each portable macro, on cases where engines are known to differ. No rows when all hold. -#}
with

code_cells as (
    select 'A;B' as cell
    union all
    select 'A'
    union all
    select cast(null as string)
),

cases as (
    select 'twelve months before 29 February' as what, {{ add_months("date '2024-02-29'", -12) }} = date '2023-02-28' as holds
    union all
    select 'one month after 31 January', {{ add_months("date '2025-01-31'", 1) }} = date '2025-02-28'
    union all
    select 'twelve months after 28 February stays the 28th', {{ add_months("date '2023-02-28'", 12) }} = date '2024-02-28'
    union all
    select 'days over a leap day', {{ days_between("date '2024-02-28'", "date '2024-03-01'") }} = 2
    union all
    select '60 days back over new year', {{ add_days("date '2025-01-15'", -60) }} = date '2024-11-16'
    union all
    select 'hours keep their fraction', {{ hours_between("timestamp '2025-03-29 23:30:00'", "timestamp '2025-03-30 23:00:00'") }} = 23.5
    union all
    select 'hours may be negative', {{ hours_between("timestamp '2025-03-29 23:30:00'", "timestamp '2025-03-29 22:30:00'") }} = -1
    union all
    select 'a clock time on a day, whatever the moment', {{ at_time("timestamp '2025-03-29 23:30:00'", '08:30:00') }} = timestamp '2025-03-29 08:30:00'
    union all
    select 'Sunday is the seventh day', {{ iso_weekday("date '2025-04-20'") }} = 7
    union all
    select 'March belongs to the old financial year', {{ year_id("date '2025-03-31'", 4) }} = '2024-25'
    union all
    select 'the century turns', {{ year_id("date '2099-09-01'", 9) }} = '2099-00'
    union all
    select 'January is the fourth quarter', {{ quarter_id("date '2025-01-01'") }} = '2024-25-Q4'
    union all
    select 'a month has two digits', {{ month_id("date '2025-01-01'") }} = '2025-01'
    union all
    select 'a key tells empty from joined', {{ hash_key(["'a'", 'null', "'b'"]) }} <> {{ hash_key(["'a'", "'b'"]) }}
    union all
    select 'a cell of two codes is two rows, an empty one none', (select count(*) from (select {{ one_row_a_code("code_cells.cell") }} as code from code_cells)) = 3
    union all
    select 'too recent: the day itself can be known', not {{ too_recent_days("date '2025-01-30'", "date '2025-03-31'", 60) }}
    union all
    select 'too recent: the next day cannot', {{ too_recent_days("date '2025-01-31'", "date '2025-03-31'", 60) }}
    union all
    select 'too recent: 72 hours before the end of the day', not {{ too_recent_hours("timestamp '2025-03-29 00:00:00'", "date '2025-03-31'", 72) }}
    union all
    select 'too recent: a minute later', {{ too_recent_hours("timestamp '2025-03-29 00:01:00'", "date '2025-03-31'", 72) }}
)

select what
from cases
where not coalesce(holds, false)
