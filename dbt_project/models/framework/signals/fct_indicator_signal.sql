-- Control chart of every quarterly total (XmR: individual values and moving ranges). Limits are the mean and 2.66 times the
-- mean moving range on either side; below twelve quarters there are too few to draw them, and they stay empty.
with quarters as (
    select
        indicator_id,
        area_code,
        period_id,
        period_end,
        unit,
        value
    from {{ ref('fct_indicator_value') }}
    where
        period_type = 'quarter'
        and breakdown = 'total'
        and value is not null
),

steps as (
    select
        *,
        abs(value - lag(value) over (partition by indicator_id, area_code order by period_end)) as moving_range,
        count(*) over (partition by indicator_id, area_code) as n_points,
        avg(value) over (partition by indicator_id, area_code) as mean_value
    from quarters
),

limits as (
    select
        *,
        avg(moving_range) over (partition by indicator_id, area_code) as mean_moving_range,
        case when value > mean_value then 1 when value < mean_value then -1 else 0 end as side
    from steps
),

-- Points in a row on one side of the mean get one number.
runs as (
    select
        *,
        row_number() over (partition by indicator_id, area_code order by period_end)
        - row_number() over (partition by indicator_id, area_code, side order by period_end) as run_number
    from limits
),

judged as (
    select
        *,
        n_points >= 12 as is_charted,
        -- No value can fall below nought, nor a share rise above the whole: limits stop there.
        greatest(mean_value - 2.66 * mean_moving_range, 0.0) as lower_limit,
        case
            when unit in ('percent', 'share') then least(mean_value + 2.66 * mean_moving_range, 100.0)
            else mean_value + 2.66 * mean_moving_range
        end as upper_limit,
        count(*) over (partition by indicator_id, area_code, side, run_number) as run_length
    from runs
)

select
    cast(indicator_id as string) as indicator_id,
    cast(area_code as string) as area_code,
    cast(period_id as string) as period_id,
    period_end,
    cast(value as double) as value,
    cast(n_points as bigint) as n_points,
    cast(case when is_charted then mean_value end as double) as mean_value,
    cast(case when is_charted then lower_limit end as double) as lower_limit,
    cast(case when is_charted then upper_limit end as double) as upper_limit,
    cast(moving_range as double) as moving_range,
    cast(
        case
            when not is_charted then null
            when value > upper_limit then 'above the limits'
            when value < lower_limit then 'below the limits'
            when run_length >= 8 and side = 1 then 'eight or more in a row above the mean'
            when run_length >= 8 and side = -1 then 'eight or more in a row below the mean'
        end as string
    ) as signal
from judged
