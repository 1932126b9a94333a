with

marac_children as (
    select * from {{ ref('stg_police__dash_marac__marac_children') }}
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
    from marac_children
    {{ newest_return_wins(['submitter', 'case_ref', 'child_token']) }}
),

final as (
    select
        {{ hash_key(['folded.submitter', 'folded.case_ref', 'folded.child_token']) }} as marac_child_key,
        {{ hash_key(['folded.submitter', 'folded.case_ref']) }} as case_key,
        tokens.person_key,
        councils.area_code,
        folded.home_la,
        folded.meeting_on,
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
