with

sent as (
    select * from {{ ref('stg_council__ssda903__oc3') }}
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
        {{ hash_key(['submitter', 'person_key', 'period']) }} as care_leaver_year_key,
        person_key,
        area_code,
        submitter,
        period as return_year,
        period_end,
        in_touch,
        activity,
        activity not in ('0', 'G4', 'G5', 'G6') as is_in_education_employment_training,
        accommodation,
        accommodation like '%1' as is_accommodation_suitable,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
