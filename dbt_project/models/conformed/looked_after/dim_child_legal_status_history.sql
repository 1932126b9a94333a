with

episodes as (
    select * from {{ ref('fct_looked_after_episode') }}
),

compared as (
    select
        *,
        lag(coalesce(legal_status, '')) over (
            partition by looked_after_period_key
            order by started_on
        ) as previous_status
    from episodes
),

numbered as (
    select
        *,
        sum(case when coalesce(legal_status, '') = previous_status then 0 else 1 end) over (
            partition by looked_after_period_key
            order by started_on
            rows between unbounded preceding and current row
        ) as status_number
    from compared
),

final as (
    select
        {{ hash_key(['looked_after_period_key', 'status_number']) }} as legal_status_key,
        looked_after_period_key,
        min(person_key) as person_key,
        min(area_code) as area_code,
        min(legal_status) as legal_status,
        min(started_on) as valid_from,
        case when count(*) = count(ended_on) then max(ended_on) end as valid_to,
        bool_or(is_end_assumed) as is_end_assumed,
        cast(count(*) as bigint) as episodes
    from numbered
    group by looked_after_period_key, status_number
)

select * from final
