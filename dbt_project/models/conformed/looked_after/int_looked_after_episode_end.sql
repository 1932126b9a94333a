with

rows_folded as (
    select * from {{ ref('int_looked_after_episode_fold') }}
),

newest_return as (
    select
        submitter,
        max(period_end) as newest_period_end
    from rows_folded
    group by submitter
),

followed as (
    select
        rows_folded.*,
        newest_return.newest_period_end,
        lead(rows_folded.started_on) over (
            partition by rows_folded.submitter, rows_folded.person_key
            order by rows_folded.started_on
        ) as next_started_on,
        lead(coalesce(rows_folded.reason_new_episode, '')) over (
            partition by rows_folded.submitter, rows_folded.person_key
            order by rows_folded.started_on
        ) as next_reason,
        lead(rows_folded.sighting_key) over (
            partition by rows_folded.submitter, rows_folded.person_key
            order by rows_folded.started_on
        ) as next_sighting_key
    from rows_folded
    inner join newest_return
        on rows_folded.submitter = newest_return.submitter
    where rows_folded.dropped_by is null
),

judged as (
    select
        *,
        case
            when reported_ended_on is null and next_started_on is not null and next_reason <> 'S' then 'LAC-R4'
            when reported_ended_on is null and next_started_on is not null then 'LAC-R5'
            when reported_ended_on is null and last_period_end < newest_period_end then 'LAC-R6'
            when reported_ended_on > next_started_on then 'LAC-R7'
            when
                reported_end_reason = 'X1' and next_reason <> 'S'
                and {{ days_between('reported_ended_on', 'next_started_on') }} between 2 and {{ var('looked_after_gap_days') }}
                then 'LAC-R8'
            when
                reported_end_reason = 'X1' and reported_ended_on is not null
                and coalesce({{ days_between('reported_ended_on', 'next_started_on') }} > 1, true)
                then 'LAC-R9'
        end as repaired_by
    from followed
),

final as (
    select
        *,
        case
            when repaired_by in ('LAC-R4', 'LAC-R5', 'LAC-R7', 'LAC-R8') then next_started_on
            when repaired_by = 'LAC-R6' then last_period_end
            else reported_ended_on
        end as ended_on,
        case
            when repaired_by = 'LAC-R4' then 'X1'
            -- A final reason without its date is still what the council said.
            when repaired_by in ('LAC-R5', 'LAC-R6')
                then case when reported_end_reason <> 'X1' then reported_end_reason else 'E8' end
            when repaired_by = 'LAC-R7' and next_reason <> 'S' then 'X1'
            when reported_ended_on is not null then reported_end_reason
        end as end_reason,
        coalesce(repaired_by in ('LAC-R5', 'LAC-R6'), false) as is_end_assumed
    from judged
)

select * from final
