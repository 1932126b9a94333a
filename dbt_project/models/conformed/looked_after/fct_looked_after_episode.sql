with

episodes as (
    select * from {{ ref('int_looked_after_episode_end') }}
),

placed_in_time as (
    select
        *,
        lag(ended_on) over (partition by submitter, person_key order by started_on) as previous_ended_on,
        lag(end_reason) over (partition by submitter, person_key order by started_on) as previous_end_reason
    from episodes
),

-- Care begins anew with S, after a final reason, or after a day without an episode.
starts as (
    select
        *,
        case
            when
                reason_new_episode = 'S'
                or previous_ended_on is null
                or coalesce(previous_end_reason, '') <> 'X1'
                or {{ days_between('previous_ended_on', 'started_on') }} > 1
                then 1
            else 0
        end as starts_a_period
    from placed_in_time
),

numbered as (
    select
        *,
        sum(starts_a_period) over (
            partition by submitter, person_key
            order by started_on
            rows between unbounded preceding and current row
        ) as period_number
    from starts
),

dated as (
    select
        *,
        min(started_on) over (partition by submitter, person_key, period_number) as period_started_on
    from numbered
),

final as (
    select
        {{ hash_key(['submitter', 'person_key', 'started_on']) }} as episode_key,
        {{ hash_key(['submitter', 'person_key', 'period_started_on']) }} as looked_after_period_key,
        person_key,
        area_code,
        submitter,
        cast(period_number as bigint) as period_number,
        started_on,
        ended_on,
        reason_new_episode,
        legal_status,
        coalesce(legal_status in ('V3', 'V4'), false) as is_short_break,
        category_of_need,
        placement,
        placement_provider,
        placement_urn,
        placement_la,
        placement_location,
        placement_distance,
        reason_place_change,
        end_reason,
        is_end_assumed,
        repaired_by,
        reported_ended_on,
        reported_end_reason,
        first_period as first_return,
        last_period as last_return,
        times_reported,
        submission_id,
        source_table,
        source_row
    from dated
)

select * from final
