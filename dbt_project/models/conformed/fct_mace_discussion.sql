with

discussions as (
    select * from {{ ref('stg_council__mace__discussions') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

identified as (
    select
        discussions.*,
        tokens.person_key,
        case discussions.risk_level when 'SIGNIFICANT' then 3 when 'MODERATE' then 2 when 'EMERGING' then 1 end as risk_rank,
        case discussions.risk_level_6m when 'SIGNIFICANT' then 3 when 'MODERATE' then 2 when 'EMERGING' then 1 end as risk_rank_6m
    from discussions
    left join tokens
        on discussions.child_token = tokens.child_token
),

folded as (
    select *
    from identified
    {{ newest_return_wins(['area_code', 'discussion_id']) }}
),

-- A child talked about twice on one day was discussed once: the highest risk counts, and two kinds of exploitation are OTHER.
of_a_day as (
    select
        *,
        count(*) over (partition by area_code, person_key, panel_date) as times_listed,
        min(exploitation_type) over (partition by area_code, person_key, panel_date) as first_type,
        max(exploitation_type) over (partition by area_code, person_key, panel_date) as last_type,
        row_number() over (
            partition by area_code, person_key, panel_date
            order by risk_rank desc nulls last, risk_rank_6m desc nulls last, period_end desc, discussion_id
        ) as place
    from folded
),

final as (
    select
        {{ hash_key(['area_code', 'person_key', 'panel_date']) }} as mace_discussion_key,
        person_key,
        area_code,
        panel_date,
        recorded_on,
        case when first_type = last_type then first_type when first_type is not null then 'OTHER' end as exploitation_type,
        risk_level,
        cast(risk_rank as bigint) as risk_rank,
        risk_level_6m,
        cast(risk_rank_6m as bigint) as risk_rank_6m,
        reviewed_on,
        risk_rank_6m < risk_rank as is_risk_lower_after_6m,
        referring_agency,
        times_listed,
        submission_id,
        source_table,
        source_row
    from of_a_day
    where place = 1
)

select * from final
