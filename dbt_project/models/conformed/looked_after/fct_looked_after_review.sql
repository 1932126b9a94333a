with

sent as (
    select * from {{ ref('stg_council__ssda903__reviews') }}
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
    {{ newest_return_wins(['submitter', 'person_key', 'review_on']) }}
),

final as (
    select
        {{ hash_key(['submitter', 'person_key', 'review_on']) }} as review_key,
        person_key,
        area_code,
        submitter,
        period as return_year,
        period_end,
        review_on,
        review_participation,
        review_participation in ('PN1', 'PN2', 'PN3', 'PN5', 'PN6') as is_child_heard,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
