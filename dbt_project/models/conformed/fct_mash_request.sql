with

requests as (
    select * from {{ ref('stg_council__contacts__mash_requests') }}
),

contacts as (
    select * from {{ ref('fct_contact') }}
    where is_first_of_contact
),

folded as (
    select *
    from requests
    {{ newest_return_wins(['area_code', 'request_id']) }}
),

-- One clock for all senders: universal time is turned into the time on the wall, so that evenings and weekends are what they were.
on_the_wall as (
    select
        *,
        case when time_zone = 'UTC' then {{ british_clock('requested_at') }} else requested_at end as wall_requested_at,
        case when time_zone = 'UTC' then {{ british_clock('responded_at') }} else responded_at end as wall_responded_at
    from folded
),

final as (
    select
        {{ hash_key(['on_the_wall.area_code', 'on_the_wall.request_id']) }} as mash_request_key,
        {{ hash_key(['on_the_wall.area_code', 'on_the_wall.contact_id']) }} as contact_key,
        contacts.contact_key is not null as is_of_known_contact,
        on_the_wall.area_code,
        contacts.hub_id,
        on_the_wall.agency_name,
        on_the_wall.rag,
        on_the_wall.wall_requested_at as requested_at,
        on_the_wall.wall_responded_at as responded_at,
        case
            when on_the_wall.wall_responded_at >= on_the_wall.wall_requested_at
                then {{ hours_between('on_the_wall.wall_requested_at', 'on_the_wall.wall_responded_at') }}
        end as hours_to_answer,
        coalesce(on_the_wall.wall_responded_at < on_the_wall.wall_requested_at, false) as is_answer_before_request,
        on_the_wall.submission_id,
        on_the_wall.source_table,
        on_the_wall.source_row
    from on_the_wall
    left join contacts
        on {{ hash_key(['on_the_wall.area_code', 'on_the_wall.contact_id']) }} = contacts.contact_key
)

select * from final
