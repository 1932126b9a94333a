with

sent as (
    select * from {{ ref('stg_council__ssda903__sw_episodes') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

identified as (
    select
        sent.*,
        tokens.person_key
    from sent
    inner join tokens
        on sent.child_token = tokens.child_token
),

folded as (
    select *
    from identified
    {{ newest_return_wins(['submitter', 'person_key', 'social_worker_id', 'social_worker_started_on']) }}
),

met as (
    select
        *,
        min(social_worker_started_on) over (
            partition by submitter, person_key, social_worker_id
        ) as first_met_on
    from folded
),

final as (
    select
        {{ hash_key(['submitter', 'person_key', 'social_worker_id', 'social_worker_started_on']) }} as social_worker_episode_key,
        person_key,
        area_code,
        submitter,
        period as return_year,
        period_end,
        -- The child's first, second, third worker: enough to count changes, and nobody's number.
        cast(
            dense_rank() over (
                partition by submitter, person_key
                order by first_met_on, social_worker_id
            ) as bigint
        ) as worker_of_the_child,
        social_worker_started_on as started_on,
        social_worker_ended_on as ended_on,
        reason_social_worker_change as change_reason,
        submission_id,
        source_table,
        source_row
    from met
)

select * from final
