-- Every value of every indicator: numerator and denominator added up over the period, then one division for all of them.
with periods as (
    select * from {{ ref('int_indicator_period') }}
),

months as (
    select * from {{ ref('int_indicator_month') }}
),

indicators as (
    select * from {{ ref('dim_indicator') }}
),

breakdowns as (
    select * from {{ ref('bridge_indicator_breakdown') }}
),

trust as (
    select * from {{ ref('fct_indicator_trust') }}
),

-- Groups seen at any time in the area are shown in every period, so that a nought is a nought and not a gap.
seen as (
    select distinct
        indicator_id,
        area_code,
        breakdown,
        breakdown_value
    from months
    where breakdown <> 'total'
),

cells as (
    select
        periods.*,
        'total' as breakdown,
        'Total' as breakdown_value
    from periods
    union all
    select
        periods.*,
        seen.breakdown,
        seen.breakdown_value
    from periods
    inner join seen
        on
            periods.indicator_id = seen.indicator_id
            and periods.area_code = seen.area_code
    where periods.is_covered
),

-- A flow adds up its months; a stock is what stood at the end of the last one.
sums as (
    select
        periods.indicator_id,
        periods.area_code,
        periods.period_type,
        periods.period_id,
        months.breakdown,
        months.breakdown_value,
        case
            when max(periods.count_of) = 'persons'
                then count(distinct case when months.numerator > 0 then months.person_key end)
            else sum(months.numerator)
        end as numerator,
        case
            when max(periods.count_of) = 'persons'
                then count(distinct case when months.denominator > 0 then months.person_key end)
            else sum(months.denominator)
        end as denominator,
        sum(months.n_excluded) as n_excluded
    from periods
    inner join indicators on periods.indicator_id = indicators.indicator_id
    inner join months
        on
            periods.indicator_id = months.indicator_id
            and periods.area_code = months.area_code
            and months.month_start between periods.period_start and periods.period_end
    where
        periods.is_covered
        and (indicators.kind = 'flow' or {{ month_start('periods.period_end') }} = months.month_start)
    group by
        periods.indicator_id, periods.area_code, periods.period_type, periods.period_id, months.breakdown, months.breakdown_value
),

totals as (
    select * from sums
    where breakdown = 'total'
),

parts as (
    select
        cells.*,
        case when cells.is_covered then coalesce(sums.numerator, 0) end as numerator,
        case
            when not cells.is_covered then null
            when cells.denominator_kind = 'population' and cells.breakdown = 'total' then cells.population
            when cells.denominator_kind = 'population' then null
            when breakdowns.is_part then coalesce(totals.denominator, 0)
            else coalesce(sums.denominator, 0)
        end as value_denominator,
        case when cells.is_covered then coalesce(sums.n_excluded, 0) end as n_excluded,
        -- There is no published population by sex or ethnicity: a group of a rate is a plain count.
        case
            when cells.denominator_kind = 'population' and cells.breakdown <> 'total' then 'count'
            else cells.unit
        end as value_unit
    from cells
    inner join breakdowns
        on
            cells.indicator_id = breakdowns.indicator_id
            and cells.breakdown = breakdowns.breakdown
    left join sums
        on
            cells.indicator_id = sums.indicator_id
            and cells.area_code = sums.area_code
            and cells.period_type = sums.period_type
            and cells.period_id = sums.period_id
            and cells.breakdown = sums.breakdown
            and cells.breakdown_value = sums.breakdown_value
    left join totals
        on
            cells.indicator_id = totals.indicator_id
            and cells.area_code = totals.area_code
            and cells.period_type = totals.period_type
            and cells.period_id = totals.period_id
)

select
    cast(parts.indicator_id as string) as indicator_id,
    cast(parts.definition_version as string) as definition_version,
    cast(parts.area_code as string) as area_code,
    cast(parts.period_type as string) as period_type,
    cast(parts.period_id as string) as period_id,
    parts.period_start,
    parts.period_end,
    cast(parts.breakdown as string) as breakdown,
    cast(parts.breakdown_value as string) as breakdown_value,
    cast(parts.numerator as double) as numerator,
    cast(parts.value_denominator as double) as denominator,
    cast(
        case
            when parts.value_unit = 'count' and parts.denominator_kind <> 'population' then parts.numerator
            when parts.value_unit = 'per_10000' and parts.value_denominator > 0
                then 10000.0 * parts.numerator / parts.value_denominator
            when parts.value_unit in ('percent', 'share') and parts.value_denominator > 0
                then 100.0 * parts.numerator / parts.value_denominator
        end as double
    ) as value,
    cast(parts.value_unit as string) as unit,
    cast(case when parts.value_unit = 'per_10000' and parts.is_covered then parts.population_year end as bigint) as population_year,
    cast(parts.n_excluded as bigint) as n_excluded,
    cast(trust.trust as string) as trust,
    cast(trust.reason as string) as trust_reason,
    cast(
        case
            when parts.value_unit = 'per_10000' then {{ byar('parts.numerator', 'parts.value_denominator', 'low') }}
            when parts.value_unit in ('percent', 'share') then {{ wilson('parts.numerator', 'parts.value_denominator', 'low') }}
        end as double
    ) as ci_low,
    cast(
        case
            when parts.value_unit = 'per_10000' then {{ byar('parts.numerator', 'parts.value_denominator', 'high') }}
            when parts.value_unit in ('percent', 'share') then {{ wilson('parts.numerator', 'parts.value_denominator', 'high') }}
        end as double
    ) as ci_high
from parts
left join trust
    on
        parts.indicator_id = trust.indicator_id
        and parts.area_code = trust.area_code
        and parts.period_type = trust.period_type
        and parts.period_id = trust.period_id
