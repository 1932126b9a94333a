with

sent as (
    select * from {{ ref('stg_council__ssda903__uasc') }}
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
    {{ newest_return_wins(['submitter', 'person_key', 'period']) }}
),

final as (
    select
        {{ hash_key(['submitter', 'person_key', 'period']) }} as unaccompanied_child_year_key,
        person_key,
        area_code,
        submitter,
        period as return_year,
        period_end,
        uasc_ceased_on as ceased_on,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
