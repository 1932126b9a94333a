with

person_event as (
    select * from {{ source('identity', 'person_event') }}
),

final as (
    select
        event_id,
        kind,
        from_person_key,
        to_person_key,
        reason,
        tokens,
        release_id,
        recorded_on
    from person_event
)

select * from final
