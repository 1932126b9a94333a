with

expected as (
    select * from {{ ref('stg_pipeline__expected_returns') }}
),

submissions as (
    select * from {{ ref('fct_submission') }}
),

data_as_of as (
    select * from {{ ref('dim_data_as_of') }}
),

warehouse as (
    select as_of
    from data_as_of
    where data_as_of_key = 'all'
),

arrivals as (
    select
        extract_key,
        submitter,
        period,
        min(case when status in ('accepted', 'partly_accepted') then received_on end) as first_received_on,
        max(case when is_current then submission_id end) as submission_id,
        count(*) as submissions,
        sum(case when status = 'refused' then 1 else 0 end) as refused_submissions
    from submissions
    group by extract_key, submitter, period
),

-- What counts is when something acceptable first arrived: a correction sent later does not make the return late.
final as (
    select
        {{ hash_key(['expected.extract_key', 'expected.submitter', 'expected.period']) }} as expected_return_key,
        expected.agency,
        expected.extract,
        expected.submitter,
        expected.area_code,
        expected.period,
        expected.period_start,
        expected.period_end,
        expected.due_on,
        expected.grace_until,
        arrivals.submission_id,
        arrivals.first_received_on,
        coalesce(arrivals.submissions, 0) as submissions,
        cast(coalesce(arrivals.refused_submissions, 0) as bigint) as refused_submissions,
        case
            when arrivals.first_received_on <= expected.due_on then 'on_time'
            when arrivals.first_received_on > expected.due_on then 'late'
            when expected.due_on <= warehouse.as_of then 'missing'
            else 'not_yet_due'
        end as status
    from expected
    cross join warehouse
    left join arrivals
        on
            expected.extract_key = arrivals.extract_key
            and expected.submitter = arrivals.submitter
            and expected.period = arrivals.period
)

select * from final
