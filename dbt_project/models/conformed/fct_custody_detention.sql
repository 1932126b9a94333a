with

detentions as (
    select * from {{ ref('stg_police__custody__detentions') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

councils as (
    select * from {{ ref('area') }}
    where area_type = 'council'
),

folded as (
    select
        *,
        cast({{ days_between('cast(arrived_at as date)', 'cast(released_at as date)') }} as bigint) as nights
    from detentions
    {{ newest_return_wins(['submitter', 'custody_ref']) }}
),

final as (
    select
        {{ hash_key(['folded.submitter', 'folded.custody_ref']) }} as detention_key,
        tokens.person_key,
        councils.area_code,
        folded.home_la,
        folded.offence_group,
        folded.arrived_at,
        folded.adult_asked_at,
        folded.adult_arrived_at,
        folded.charged_at,
        folded.released_at,
        folded.outcome,
        folded.council_bed_asked,
        folded.council_bed_given,
        {{ hours_between('folded.arrived_at', 'folded.released_at') }} as hours_held,
        {{ hours_between('folded.arrived_at', 'folded.adult_arrived_at') }} as hours_to_adult,
        folded.nights,
        folded.nights > 0 as is_past_midnight,
        folded.held_overnight,
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
