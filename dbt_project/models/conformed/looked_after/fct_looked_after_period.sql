with

episodes as (
    select * from {{ ref('fct_looked_after_episode') }}
),

ordered as (
    select
        *,
        row_number() over (partition by looked_after_period_key order by started_on) as first_to_last,
        row_number() over (partition by looked_after_period_key order by started_on desc) as last_to_first
    from episodes
),

summed as (
    select
        looked_after_period_key,
        count(*) as episodes,
        -- A period begins in a placement; P, T, B and U are moves to another.
        sum(case when first_to_last = 1 or reason_new_episode in ('P', 'T', 'B', 'U') then 1 else 0 end) as placements,
        min(case when is_short_break then 1 else 0 end) as only_short_breaks
    from ordered
    group by looked_after_period_key
),

final as (
    select
        summed.looked_after_period_key,
        opening.person_key,
        opening.area_code,
        opening.submitter,
        opening.period_number,
        opening.started_on,
        coalesce(opening.reason_new_episode = 'S', false) as is_start_reported,
        closing.ended_on,
        -- X1 promises another episode; where none follows, nobody has said why care ended.
        case when closing.end_reason <> 'X1' then closing.end_reason end as end_reason,
        closing.is_end_assumed,
        opening.category_of_need,
        opening.legal_status as first_legal_status,
        closing.legal_status as last_legal_status,
        opening.placement as first_placement,
        closing.placement as last_placement,
        summed.only_short_breaks = 1 as is_short_breaks_only,
        cast(summed.episodes as bigint) as episodes,
        cast(summed.placements as bigint) as placements,
        closing.last_return,
        closing.submission_id,
        closing.source_table,
        closing.source_row
    from summed
    inner join ordered as opening
        on summed.looked_after_period_key = opening.looked_after_period_key and opening.first_to_last = 1
    inner join ordered as closing
        on summed.looked_after_period_key = closing.looked_after_period_key and closing.last_to_first = 1
)

select * from final
