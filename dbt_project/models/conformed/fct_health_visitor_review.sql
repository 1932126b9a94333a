with

reviews as (
    select * from {{ ref('stg_health__health_visiting__reviews') }}
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
    from reviews
    {{ newest_return_wins(['submitter', 'review_ref']) }}
),

final as (
    select
        {{ hash_key(['folded.submitter', 'folded.review_ref']) }} as review_key,
        tokens.person_key,
        councils.area_code,
        folded.home_la,
        folded.provider,
        folded.review_type,
        folded.counted_on as counted_month,
        folded.done_on as done_month,
        folded.age_days,
        folded.done_on is not null as is_done,
        case
            when folded.review_type = 'ANTENATAL' then cast(null as boolean)
            when folded.done_on is null then false
            else folded.age_days <= {{ review_window_days('folded.review_type') }}
        end as is_in_window,
        folded.asq3,
        folded.not_done_reason,
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
