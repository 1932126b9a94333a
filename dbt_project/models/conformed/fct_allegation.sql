with

allegations as (
    select * from {{ ref('stg_council__lado__allegations') }}
),

folded as (
    select *
    from allegations
    {{ newest_return_wins(['area_code', 'allegation_id']) }}
),

-- Advice is not a referral: it has no threshold and no outcome, whatever was sent with it.
final as (
    select
        {{ hash_key(['area_code', 'allegation_id']) }} as allegation_key,
        area_code,
        contact_at,
        recorded_on,
        kind,
        kind = 'REFERRAL' as is_referral,
        sector,
        role,
        criterion,
        case when kind = 'REFERRAL' then threshold_met end as is_threshold_met,
        police_involved as is_police_involved,
        case when kind = 'REFERRAL' then outcome end as outcome,
        closed_on,
        {{ days_between('cast(contact_at as date)', 'closed_on') }} as days_to_close,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
