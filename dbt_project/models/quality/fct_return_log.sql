with

submissions as (
    select * from {{ ref('fct_submission') }}
),

expected as (
    select * from {{ ref('fct_expected_return') }}
),

results as (
    select * from {{ ref('fct_quality_result') }}
),

failures as (
    select
        submission_id,
        count(distinct case when failed > 0 and severity in ('reject_row', 'block_file') then rule_id end) as rules_failed_gravely,
        sum(case when failed > 0 and severity = 'reject_row' then failed else 0 end) as grave_failures
    from results
    group by submission_id
),

-- The version counts what a sender has sent for a period, refused files too, in the order in which they came.
versioned as (
    select
        *,
        row_number() over (
            partition by extract_key, submitter, period
            order by received_at, submission_id
        ) as version,
        lag(submission_id) over (
            partition by extract_key, submitter, period, case when status = 'refused' then 1 else 0 end
            order by received_at, submission_id
        ) as earlier_accepted
    from submissions
),

arrived as (
    select
        versioned.submission_id,
        versioned.agency,
        versioned.extract_key,
        versioned.submitter,
        versioned.area_code,
        versioned.period,
        versioned.due_on,
        versioned.received_on,
        versioned.version,
        versioned.status,
        versioned.status in ('accepted', 'partly_accepted') as is_accepted,
        versioned.is_current,
        versioned.rows_received,
        versioned.rows_accepted,
        versioned.rows_rejected,
        cast(coalesce(failures.rules_failed_gravely, 0) as bigint) as rules_failed_gravely,
        cast(coalesce(failures.grave_failures, 0) as bigint) as grave_failures,
        -- Restated: an acceptable file came after another acceptable one of the same period.
        versioned.status <> 'refused' and versioned.earlier_accepted is not null as is_restated
    from versioned
    left join failures
        on versioned.submission_id = failures.submission_id
),

-- What was due and has not come at all is a line of the log too.
missing as (
    select
        cast(null as string) as submission_id,
        agency,
        concat(agency, '/', extract) as extract_key,
        submitter,
        area_code,
        period,
        due_on,
        cast(null as date) as received_on,
        cast(0 as bigint) as version,
        'missing' as status,
        false as is_accepted,
        false as is_current,
        cast(null as bigint) as rows_received,
        cast(null as bigint) as rows_accepted,
        cast(null as bigint) as rows_rejected,
        cast(0 as bigint) as rules_failed_gravely,
        cast(0 as bigint) as grave_failures,
        false as is_restated
    from expected
    where submissions = 0 and status = 'missing'
),

logged as (
    select * from arrived
    union all
    select * from missing
),

final as (
    select
        {{ hash_key(['extract_key', 'submitter', 'period', 'version']) }} as return_log_key,
        *
    from logged
)

select * from final
