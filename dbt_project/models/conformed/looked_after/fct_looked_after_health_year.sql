with

sent as (
    select * from {{ ref('stg_council__ssda903__oc2') }}
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
        {{ hash_key(['submitter', 'person_key', 'period']) }} as health_year_key,
        person_key,
        area_code,
        submitter,
        period as return_year,
        period_end,
        sdq_score,
        sdq_reason,
        convicted as is_convicted,
        health_check as is_health_check_done,
        immunisations as is_immunised,
        teeth_check as is_teeth_check_done,
        health_assessment as is_health_assessment_done,
        substance_misuse as has_substance_misuse,
        intervention_received as is_intervention_received,
        intervention_offered as is_intervention_offered,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
