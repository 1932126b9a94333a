with

sent as (
    select * from {{ ref('stg_council__ssda903__placed_adoption') }}
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
    {{ newest_return_wins(['submitter', 'person_key', 'placed_for_adoption_on']) }}
),

final as (
    select
        {{ hash_key(['submitter', 'person_key', 'placed_for_adoption_on']) }} as placed_for_adoption_key,
        person_key,
        area_code,
        submitter,
        period as return_year,
        period_end,
        placed_for_adoption_on as decided_on,
        placed_for_adoption_ceased_on as reversed_on,
        reason_placed_ceased as reversed_reason,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
