with

powers as (
    select * from {{ ref('stg_police__police_protection__powers') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

councils as (
    select * from {{ ref('area') }}
    where area_type = 'council'
),

folded as (
    select
        *,
        {{ hours_between('started_at', 'ended_at') }} as hours_held
    from powers
    {{ newest_return_wins(['submitter', 'protection_ref']) }}
),

final as (
    select
        {{ hash_key(['folded.submitter', 'folded.protection_ref']) }} as protection_key,
        tokens.person_key,
        councils.area_code,
        folded.home_la,
        folded.incident_ref,
        folded.reason,
        folded.started_at,
        folded.council_told_at,
        folded.handed_over_at,
        folded.ended_at,
        folded.place,
        folded.hours_held,
        folded.hours_held > 72 as is_over_72_hours,
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
