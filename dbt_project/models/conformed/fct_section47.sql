with

enquiries as (
    select * from {{ ref('stg_council__cin_census__section47') }}
),

list_enquiries as (
    select * from {{ ref('stg_council__annex_a__section47') }}
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

listed as (
    {{ listed_since_census('list_enquiries', 'episodes', 's47_start_date') }}
),

list_folded as (
    select *
    from listed
    {{ newest_return_wins(['area_code', 'person_key', 's47_start_date']) }}
),

said as (
    select
        'cin_census' as source,
        area_code,
        person_key,
        referral_date,
        s47_start_date,
        icpc_target_date,
        icpc_date,
        coalesce(icpc_not_required, false) as icpc_not_required,
        period as census_year,
        submission_id,
        source_table,
        source_row
    from folded
    union all
    select
        'annex_a' as source,
        area_code,
        person_key,
        cast(null as date) as referral_date,
        s47_start_date,
        cast(null as date) as icpc_target_date,
        icpc_date,
        coalesce(icpc_not_required = '1', false) as icpc_not_required,
        cast(null as string) as census_year,
        submission_id,
        source_table,
        source_row
    from list_folded
),

believed as (
    select *
    from said
    {{ believed_first('fct_section47', ['area_code', 'person_key', 's47_start_date']) }}
),

final as (
    select
        {{ hash_key(['believed.area_code', 'believed.person_key', 'believed.s47_start_date']) }} as s47_key,
        case
            when believed.source = 'cin_census'
                then {{ hash_key(['believed.area_code', 'believed.person_key', 'believed.referral_date']) }}
        end as referral_key,
        believed.person_key,
        believed.area_code,
        believed.referral_date,
        believed.s47_start_date,
        believed.icpc_target_date,
        believed.icpc_date,
        believed.icpc_not_required,
        {{ working_days('start_day', 'conference_day') }} as working_days_to_icpc,
        believed.source,
        believed.census_year,
        believed.submission_id,
        believed.source_table,
        believed.source_row
    from believed
    left join days as start_day
        on believed.s47_start_date = start_day.date_day
    left join days as conference_day
        on believed.icpc_date = conference_day.date_day
)

select * from final
