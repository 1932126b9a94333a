with

victims as (
    select * from {{ ref('stg_police__child_crime__victims') }}
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
    from victims
    {{ newest_return_wins(['submitter', 'crime_ref', 'child_token']) }}
),

final as (
    select
        {{ hash_key(['folded.submitter', 'folded.crime_ref', 'folded.child_token']) }} as crime_victim_key,
        {{ hash_key(['folded.submitter', 'folded.crime_ref']) }} as crime_key,
        tokens.person_key,
        councils.area_code,
        folded.home_la,
        folded.incident_ref,
        folded.offence_group,
        folded.first_offence_group,
        folded.crime_status,
        folded.crime_status <> 'CANCELLED' as is_standing,
        coalesce(folded.first_offence_group <> folded.offence_group and folded.crime_status <> 'CANCELLED', false) as is_reclassified,
        folded.committed_on,
        folded.recorded_on,
        folded.changed_on,
        folded.cse_flag,
        folded.cce_flag,
        folded.online_flag,
        folded.da_flag,
        coalesce(folded.cse_flag, false) or coalesce(folded.cce_flag, false) as is_exploitation,
        folded.flagged_on,
        folded.outcome,
        folded.outcome_on,
        coalesce(folded.outcome in ('1', '1A'), false) as is_charged,
        cast({{ days_between('folded.recorded_on', 'folded.outcome_on') }} as bigint) as days_to_outcome,
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
