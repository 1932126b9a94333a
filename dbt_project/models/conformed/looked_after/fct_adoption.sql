with

sent as (
    select * from {{ ref('stg_council__ssda903__ad1') }}
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
        {{ hash_key(['submitter', 'person_key']) }} as adoption_key,
        person_key,
        area_code,
        submitter,
        period as return_year,
        period_end,
        adoption_decision_on,
        matched_on,
        adopted_by_foster_carer as is_adopted_by_foster_carer,
        adopters,
        adopter_sex,
        adopter_legal_status,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
