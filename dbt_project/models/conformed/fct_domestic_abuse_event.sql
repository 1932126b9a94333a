with

children as (
    select * from {{ ref('stg_police__domestic_abuse__children') }}
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
    from children
    {{ newest_return_wins(['submitter', 'incident_ref', 'child_token']) }}
),

-- How many children the extract names is not how many the officers counted: both are kept.
named as (
    select
        submitter,
        incident_ref,
        cast(count(*) as bigint) as children_sent
    from folded
    group by submitter, incident_ref
),

final as (
    select
        {{ hash_key(['folded.submitter', 'folded.incident_ref', 'folded.child_token']) }} as event_key,
        {{ hash_key(['folded.submitter', 'folded.incident_ref']) }} as incident_key,
        tokens.person_key,
        councils.area_code,
        folded.home_la,
        folded.district,
        folded.record_type,
        folded.child_role,
        folded.occurred_at,
        folded.recorded_at,
        folded.attended,
        folded.children_in_household,
        named.children_sent,
        folded.child_present,
        folded.child_seen,
        folded.voice_recorded,
        coalesce(folded.voice_recorded in ('SPOKEN', 'OBSERVED'), false) as has_voice,
        folded.risk_grade,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
    inner join named
        on
            folded.submitter = named.submitter
            and folded.incident_ref = named.incident_ref
    left join tokens
        on folded.child_token = tokens.child_token
    left join councils
        on folded.home_la = cast(councils.la_code as string)
)

select * from final
