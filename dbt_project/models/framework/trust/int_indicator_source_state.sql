-- How each sender's returns stand for each figure: in, missing or refused, and how much of them could be used.
with periods as (
    select * from {{ ref('int_indicator_period') }}
),

sources as (
    select * from {{ ref('bridge_indicator_source') }}
),

expected as (
    select
        *,
        concat(agency, '/', extract) as extract_key
    from {{ ref('fct_expected_return') }}
),

submissions as (
    select * from {{ ref('fct_submission') }}
),

results as (
    select * from {{ ref('fct_quality_result') }}
),

organisations as (
    select
        org_code,
        max(org_name) as org_name
    from {{ ref('dim_organisation') }}
    group by org_code
),

-- The rule that cost the most rows, and whether two engines disagreed about one.
judged as (
    select
        submission_id,
        -- Rules that cost the same number of rows: the last by name, or two builds of the same data would differ.
        max_by(
            case when severity = 'reject_row' then rule_id end,
            case when severity = 'reject_row' then concat(lpad(cast(failed as {{ dbt.type_string() }}), 12, '0'), rule_id) end
        ) as worst_rule,
        max(case when severity = 'reject_row' then failed end) as worst_failed,
        min(case when outcome = 'errored' then rule_id end) as errored_rule
    from results
    group by submission_id
),

-- A refused return counts for as long as nothing acceptable has replaced it.
refused as (
    select
        submissions.agency,
        submissions.extract,
        submissions.submitter,
        submissions.period,
        min(judged.errored_rule) as errored_rule
    from submissions
    left join judged on submissions.submission_id = judged.submission_id
    where submissions.status = 'refused'
    group by submissions.agency, submissions.extract, submissions.submitter, submissions.period
),

returns as (
    select
        expected.*,
        submissions.rows_received,
        submissions.rows_accepted,
        judged.worst_rule,
        judged.worst_failed,
        submissions.submission_id is not null as is_in,
        submissions.submission_id is null and refused.period is not null as is_refused,
        case
            when submissions.submission_id is not null then judged.errored_rule
            else refused.errored_rule
        end as errored_rule
    from expected
    left join submissions
        on
            expected.submission_id = submissions.submission_id
            and submissions.is_current
    left join judged on submissions.submission_id = judged.submission_id
    left join refused
        on
            expected.agency = refused.agency
            and expected.extract = refused.extract
            and expected.submitter = refused.submitter
            and expected.period = refused.period
),

-- Every return that the figure needs: its own period and, where it looks back, what came before, as far as data go.
needed as (
    select
        periods.indicator_id,
        periods.area_code,
        periods.period_type,
        periods.period_id,
        returns.agency,
        returns.extract,
        returns.submitter,
        returns.period as return_period,
        returns.is_in,
        returns.is_refused,
        not returns.is_in and not returns.is_refused and returns.status = 'not_yet_due' as is_not_due,
        returns.rows_received,
        returns.rows_accepted,
        returns.worst_rule,
        returns.worst_failed,
        returns.errored_rule
    from periods
    inner join sources on periods.indicator_id = sources.indicator_id
    inner join returns
        on
            sources.extract_key = returns.extract_key
            and (
                returns.area_code is null
                or periods.area_code = '{{ joint_area() }}'
                or returns.area_code = periods.area_code
            )
            and returns.period_start <= periods.period_end
            and returns.period_end >= {{ add_months('periods.period_start', '-periods.looks_back_months') }}
    where periods.history_start is null or returns.period_end >= periods.history_start
),

by_sender as (
    select
        indicator_id,
        area_code,
        period_type,
        period_id,
        agency,
        extract,
        submitter,
        count(*) as n_returns,
        count(case when is_in then 1 end) as n_in,
        count(case when not is_in and not is_refused and not is_not_due then 1 end) as n_missing,
        count(case when is_not_due then 1 end) as n_not_due,
        count(case when is_refused then 1 end) as n_refused,
        min(case when not is_in and not is_refused and not is_not_due then return_period end) as first_missing,
        min(case when is_not_due then return_period end) as first_not_due,
        min(case when is_refused then return_period end) as first_refused,
        sum(rows_received) as rows_received,
        sum(rows_accepted) as rows_accepted,
        max_by(
            worst_rule,
            case
                when worst_rule is not null
                    then concat(lpad(cast(worst_failed as {{ dbt.type_string() }}), 12, '0'), worst_rule)
            end
        ) as worst_rule,
        min(errored_rule) as errored_rule
    from needed
    group by 1, 2, 3, 4, 5, 6, 7
)

select
    by_sender.*,
    coalesce(organisations.org_name, by_sender.submitter) as org_name,
    replace(by_sender.extract, '_', ' ') as extract_words,
    cast(by_sender.rows_accepted as double) / nullif(by_sender.rows_received, 0) as share_accepted
from by_sender
left join organisations on by_sender.submitter = organisations.org_code
