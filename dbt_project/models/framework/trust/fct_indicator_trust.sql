-- The trust badge of every figure, with its reason in words: complete, partial (who is missing) or not safe (which rule).
with periods as (
    select * from {{ ref('int_indicator_period') }}
),

indicators as (
    select * from {{ ref('dim_indicator') }}
),

states as (
    select * from {{ ref('int_indicator_source_state') }}
),

overall as (
    select as_of
    from {{ ref('dim_data_as_of') }}
    where extract_key = 'all'
),

worded as (
    select
        *,
        case
            when n_missing = 1 then concat(org_name, ' has not sent ', extract_words, ' for ', first_missing)
            when n_missing > 1
                then concat(
                    org_name, ' has not sent ', extract_words, ' for ', cast(n_missing as string),
                    ' periods, the first ', first_missing
                )
        end as missing_words,
        case
            when n_not_due > 0 then concat(extract_words, ' from ', org_name, ' for ', first_not_due, ' is not due yet')
        end as waiting_words,
        case
            when share_accepted < {{ trust_rows_complete() }}
                then concat(
                    'only ', cast(cast(floor(share_accepted * 100) as integer) as string), '% of the rows of ',
                    extract_words, ' from ', org_name, ' could be used',
                    case when worst_rule is null then '' else concat(' (most often by rule ', worst_rule, ')') end
                )
        end as rows_words,
        case
            when errored_rule is not null
                then concat('the two checks of rule ', errored_rule, ' disagree about ', extract_words, ' from ', org_name)
            when n_refused = 1
                then concat(extract_words, ' from ', org_name, ' for ', first_refused, ' was refused')
            when n_refused > 1
                then concat(cast(n_refused as string), ' returns of ', extract_words, ' from ', org_name, ' were refused')
        end as refused_words
    from states
),

reasons as (
    select
        indicator_id,
        area_code,
        period_type,
        period_id,
        sum(n_returns) as n_returns,
        min(share_accepted) as least_share,
        max(case when refused_words is not null or share_accepted < {{ trust_rows_safe() }} then 1 else 0 end) as is_not_safe,
        max(case when missing_words is not null or waiting_words is not null or rows_words is not null then 1 else 0 end) as is_partial,
        {{ dbt.listagg("missing_words", "'; '", "order by missing_words") }} as missing_list,
        {{ dbt.listagg("waiting_words", "'; '", "order by waiting_words") }} as waiting_list,
        {{ dbt.listagg("rows_words", "'; '", "order by rows_words") }} as rows_list,
        {{ dbt.listagg("refused_words", "'; '", "order by refused_words") }} as refused_list
    from worded
    group by indicator_id, area_code, period_type, period_id
)

select
    cast(periods.indicator_id as string) as indicator_id,
    cast(periods.area_code as string) as area_code,
    cast(periods.period_type as string) as period_type,
    cast(periods.period_id as string) as period_id,
    cast(
        case
            when reasons.is_not_safe = 1 then 'not_safe'
            when not periods.is_covered or reasons.is_partial = 1 then 'partial'
            when indicators.reach = 'received' then 'complete'
            when reasons.n_returns is null then 'partial'
            else 'complete'
        end as string
    ) as trust,
    cast(
        case
            when reasons.is_not_safe = 1
                then concat('Not safe to use: ', concat_ws('; ', reasons.refused_list, reasons.rows_list, reasons.missing_list, reasons.waiting_list), '.')
            when not periods.is_covered and periods.period_end > overall.as_of then 'The period has not ended yet.'
            when not periods.is_covered and periods.as_of is null
                and reasons.missing_list is null and reasons.waiting_list is null
                then 'No return has come in yet.'
            when not periods.is_covered and periods.period_end > periods.as_of
                then concat(
                    'No value yet: ',
                    case
                        when reasons.missing_list is null and reasons.waiting_list is null
                            then 'the data do not reach the end of the period'
                        else concat_ws('; ', reasons.missing_list, reasons.waiting_list)
                    end,
                    '.'
                )
            when not periods.is_covered and periods.period_start < periods.history_start
                then 'No value: the data do not go back to the start of the period.'
            when not periods.is_covered or reasons.is_partial = 1
                then concat('Partial: ', concat_ws('; ', reasons.missing_list, reasons.waiting_list, reasons.rows_list), '.')
            when indicators.reach = 'received' then 'Counted from the log of returns itself.'
            when reasons.n_returns is null then 'Partial: nobody is expected to send what it is worked out from.'
            else concat(
                case reasons.n_returns
                    when 1 then 'The one return needed is in'
                    else concat('All ', cast(reasons.n_returns as string), ' returns needed are in')
                end,
                case
                    when reasons.least_share = 1 then ', and every row could be used.'
                    else concat(
                        '; at least ', cast(cast(floor(reasons.least_share * 100) as integer) as string),
                        '% of each sender''s rows could be used.'
                    )
                end
            )
        end as string
    ) as reason
from periods
inner join indicators on periods.indicator_id = indicators.indicator_id
cross join overall
left join reasons
    on
        periods.indicator_id = reasons.indicator_id
        and periods.area_code = reasons.area_code
        and periods.period_type = reasons.period_type
        and periods.period_id = reasons.period_id
