with

incidents as (
    select * from {{ ref('stg_partnership__restraint__incidents') }}
),

folded as (
    select *
    from incidents
    {{ newest_return_wins(['submitter', 'incident_ref']) }}
),

-- The service is told of a first restraint; its 24 hours run from then. An offer before it was told is a slip, not in time.
timed as (
    select
        *,
        {{ hours_between('advocacy_notified_at', 'debrief_offered_at') }} as hours_to_debrief_offer
    from folded
),

final as (
    select
        {{ hash_key(['submitter', 'incident_ref']) }} as restraint_key,
        restrained_on,
        technique,
        pain_inducing,
        injury,
        coalesce(injury in ('MINOR', 'SERIOUS'), false) as is_injured,
        first_restraint,
        cctv_reviewed,
        advocacy_notified_at,
        debrief_offered_at,
        hours_to_debrief_offer,
        coalesce(hours_to_debrief_offer between 0 and {{ debrief_hours() }}, false) as is_debrief_offered_in_time,
        screened_on,
        screened_on is not null as is_screened,
        learning_found,
        submission_id,
        source_table,
        source_row
    from timed
)

select * from final
