with

episodes as (
    select * from {{ ref('stg_police__missing_episodes__episodes') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

councils as (
    select * from {{ ref('area') }}
    where area_type = 'council'
),

folded as (
    select *
    from episodes
    {{ newest_return_wins(['submitter', 'episode_ref']) }}
),

final as (
    select
        {{ hash_key(['folded.submitter', 'folded.episode_ref']) }} as episode_key,
        tokens.person_key,
        councils.area_code,
        folded.home_la,
        folded.placing_la,
        folded.missing_from,
        folded.missing_at,
        folded.reported_at,
        folded.located_at,
        folded.risk_grade,
        coalesce(folded.risk_grade = 'ABSENT', false) as is_absent_category,
        folded.harm_flag,
        folded.prevention_check_at,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
    left join tokens
        on folded.child_token = tokens.child_token
    left join councils
        on folded.home_la = cast(councils.la_code as string)
)

select * from final
