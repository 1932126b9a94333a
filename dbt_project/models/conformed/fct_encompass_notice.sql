with

notices as (
    select * from {{ ref('stg_police__operation_encompass__notices') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

councils as (
    select * from {{ ref('area') }}
    where area_type = 'council'
),

schools as (
    select * from {{ ref('dim_school') }}
),

days as (
    select * from {{ ref('dim_date') }}
),

folded as (
    select
        *,
        {{ at_time('incident_at', var('school_day_starts')) }} as that_morning
    from notices
    {{ newest_return_wins(['submitter', 'incident_ref', 'child_token']) }}
),

known_urns as (
    select school_urn from schools
    union
    select predecessor_urn from schools
    where predecessor_urn is not null
),

working_days_only as (
    select
        working_day_number,
        date_day
    from days
    where is_working_day
),

-- School terms are not known here: the next school day is the next working day, or the same one before school starts.
final as (
    select
        {{ hash_key(['folded.submitter', 'folded.incident_ref', 'folded.child_token']) }} as notice_key,
        {{ hash_key(['folded.submitter', 'folded.incident_ref']) }} as incident_key,
        tokens.person_key,
        councils.area_code,
        folded.home_la,
        folded.recipient,
        folded.school_urn,
        coalesce(
            folded.recipient = 'EHE_OFFICER'
            or (folded.recipient in ('SCHOOL', 'EARLY_YEARS') and known_urns.school_urn is not null),
            false
        ) as is_matched,
        folded.child_present,
        folded.incident_at,
        folded.notified_at,
        folded.voice_included,
        {{ at_time('next_day.date_day', var('school_day_starts')) }} as next_school_day_at,
        coalesce(
            folded.notified_at < {{ at_time('next_day.date_day', var('school_day_starts')) }}, false
        ) as is_before_next_school_day,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
    left join tokens
        on folded.child_token = tokens.child_token
    left join councils
        on folded.home_la = cast(councils.la_code as string)
    left join known_urns
        on folded.school_urn = known_urns.school_urn
    left join days as incident_day
        on cast(folded.incident_at as date) = incident_day.date_day
    left join working_days_only as next_day
        on
            incident_day.working_day_number
            + case when incident_day.is_working_day and folded.incident_at < folded.that_morning then 0 else 1 end
            = next_day.working_day_number
)

select * from final
