with

episodes as (
    select * from {{ ref('stg_council__missing_and_return_interviews__episodes') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

folded as (
    select *
    from episodes
    {{ newest_return_wins(['area_code', 'missing_id']) }}
),

final as (
    select
        {{ hash_key(['folded.area_code', 'folded.missing_id']) }} as episode_key,
        tokens.person_key,
        folded.area_code,
        folded.missing_type,
        folded.in_care,
        folded.started_at,
        folded.returned_at,
        folded.reported_by,
        folded.reviewed_at,
        folded.rhi_offered,
        folded.rhi_accepted,
        folded.rhi_at,
        folded.rhi_by,
        folded.theme,
        {{ hours_between('folded.returned_at', 'folded.rhi_at') }} as hours_to_rhi,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
    left join tokens
        on folded.child_token = tokens.child_token
)

select * from final
