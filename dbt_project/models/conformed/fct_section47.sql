with

enquiries as (
    select * from {{ ref('stg_council__cin_census__section47') }}
),

episodes as (
    select * from {{ ref('stg_council__cin_census__cin_details') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

days as (
    select * from {{ ref('dim_date') }}
),

identified as (
    select
        enquiries.*,
        tokens.person_key,
        episodes.referral_date
    from enquiries
    left join episodes
        on
            enquiries.submission_id = episodes.submission_id
            and enquiries.parent_row = episodes.source_row
    left join tokens
        on enquiries.child_token = tokens.child_token
),

folded as (
    select *
    from identified
    {{ newest_return_wins(['area_code', 'person_key', 's47_start_date']) }}
),

final as (
    select
        {{ hash_key(['folded.area_code', 'folded.person_key', 'folded.s47_start_date']) }} as s47_key,
        {{ hash_key(['folded.area_code', 'folded.person_key', 'folded.referral_date']) }} as referral_key,
        folded.person_key,
        folded.area_code,
        folded.referral_date,
        folded.s47_start_date,
        folded.icpc_target_date,
        folded.icpc_date,
        coalesce(folded.icpc_not_required, false) as icpc_not_required,
        {{ working_days('start_day', 'conference_day') }} as working_days_to_icpc,
        folded.period as census_year,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
    left join days as start_day
        on folded.s47_start_date = start_day.date_day
    left join days as conference_day
        on folded.icpc_date = conference_day.date_day
)

select * from final
