with

sent as (
    select * from {{ ref('stg_council__ssda903__prev_perm') }}
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
    {{ newest_return_wins(['submitter', 'person_key']) }}
),

final as (
    select
        {{ hash_key(['submitter', 'person_key']) }} as previous_permanence_key,
        person_key,
        area_code,
        submitter,
        period as return_year,
        period_end,
        previous_permanence,
        previous_permanence_la,
        -- As written: unknown parts of the date are zz.
        previous_permanence_on,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
