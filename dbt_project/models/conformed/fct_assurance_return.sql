with

returns as (
    select * from {{ ref('stg_partnership__assurance_returns__returns') }}
),

folded as (
    select *
    from returns
    {{ newest_return_wins(['submitter', 'agency_name', 'theme', 'position_on']) }}
),

-- The answer now and under each scenario, one row each. Zero per cent more is now.
scenarios as (
    {{ unpivot(
        'folded',
        ['submitter', 'agency_name', 'theme', 'position_on', 'demand', 'capacity', 'submission_id', 'source_table', 'source_row'],
        ['rag', 'rag_10', 'rag_20', 'rag_30'],
        'answer_name',
        'scenario_rag'
    ) }}
),

sized as (
    select
        *,
        case answer_name when 'rag_10' then 10 when 'rag_20' then 20 when 'rag_30' then 30 else 0 end as more_demand_percent
    from scenarios
    where scenario_rag is not null
),

final as (
    select
        {{ hash_key(['submitter', 'agency_name', 'theme', 'position_on', 'more_demand_percent']) }} as assurance_key,
        agency_name,
        theme,
        position_on,
        more_demand_percent,
        scenario_rag as rag,
        demand * (100 + more_demand_percent) / 100.0 as scenario_demand,
        capacity,
        capacity >= demand * (100 + more_demand_percent) / 100.0 as is_within_capacity,
        submission_id,
        source_table,
        source_row
    from sized
)

select * from final
