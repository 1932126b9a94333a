with

sent as (
    select * from {{ ref('stg_council__ssda903__missing') }}
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
    {{ newest_return_wins(['submitter', 'person_key', 'missing_type', 'missing_started_on']) }}
),

final as (
    select
        {{ hash_key(['submitter', 'person_key', 'missing_type', 'missing_started_on']) }} as missing_key,
        person_key,
        area_code,
        submitter,
        period as return_year,
        period_end,
        missing_type,
        missing_started_on as started_on,
        missing_ended_on as ended_on,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
