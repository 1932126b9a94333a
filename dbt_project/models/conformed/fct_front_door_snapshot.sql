with

contacts as (
    select * from {{ ref('stg_council__annex_a__contacts') }}
),

early_help as (
    select * from {{ ref('stg_council__annex_a__early_help') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

-- Beside fct_contact and fct_early_help_episode, never added to them: the lists carry no number of the contact or assessment.
listed as (
    select
        child_token,
        area_code,
        period_end,
        submission_id,
        source_table,
        source_row,
        'contact' as kind,
        contact_date as event_date,
        cast(null as date) as completed_on,
        contact_source
    from contacts
    union all
    select
        child_token,
        area_code,
        period_end,
        submission_id,
        source_table,
        source_row,
        'early_help_assessment' as kind,
        assessment_start_date as event_date,
        assessment_completion_date as completed_on,
        cast(null as string) as contact_source
    from early_help
),

final as (
    select
        {{ hash_key(['listed.submission_id', 'listed.source_table', 'listed.source_row']) }} as front_door_snapshot_key,
        tokens.person_key,
        listed.area_code,
        listed.kind,
        listed.event_date,
        listed.completed_on,
        listed.contact_source,
        listed.period_end as as_at,
        listed.submission_id,
        listed.source_table,
        listed.source_row
    from listed
    left join tokens
        on listed.child_token = tokens.child_token
)

select * from final
