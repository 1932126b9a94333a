with

contacts as (
    select * from {{ ref('stg_council__contacts__contacts') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

days as (
    select * from {{ ref('dim_date') }}
),

identified as (
    select
        contacts.*,
        tokens.person_key
    from contacts
    left join tokens
        on contacts.child_token = tokens.child_token
),

folded as (
    select *
    from identified
    {{ newest_return_wins(['area_code', 'contact_id', 'person_key']) }}
),

-- One contact may be about several children: the first of them stands for the contact when contacts are counted.
numbered as (
    select
        *,
        row_number() over (partition by area_code, contact_id order by contact_at, person_key, source_row) as place
    from folded
),

final as (
    select
        {{ hash_key(['numbered.area_code', 'numbered.contact_id', 'numbered.person_key']) }} as contact_child_key,
        {{ hash_key(['numbered.area_code', 'numbered.contact_id']) }} as contact_key,
        numbered.person_key,
        numbered.area_code,
        numbered.hub_id,
        numbered.contact_at as received_at,
        numbered.decision_at,
        numbered.recorded_on,
        numbered.source_code,
        numbered.concern_type,
        numbered.outcome,
        numbered.outcome = 'CIN' as is_referral,
        coalesce(numbered.is_unborn, false) as is_unborn,
        numbered.place = 1 as is_first_of_contact,
        case
            when numbered.decision_at >= numbered.contact_at
                then {{ working_days('received_day', 'decision_day') }}
        end as working_days_to_decision,
        numbered.submission_id,
        numbered.source_table,
        numbered.source_row
    from numbered
    left join days as received_day
        on cast(numbered.contact_at as date) = received_day.date_day
    left join days as decision_day
        on cast(numbered.decision_at as date) = decision_day.date_day
)

select * from final
