-- What happened to a person's key after it had been published. Keys are stable: nothing else ever changes one.
with

events as (
    select * from {{ ref('stg_identity__person_event') }}
),

final as (
    select
        event_id,
        kind,
        from_person_key,
        to_person_key,
        reason,
        tokens as n_tokens,
        release_id,
        recorded_on
    from events
)

select * from final
