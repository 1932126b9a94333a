with

lists as (
    select * from {{ ref('stg_council__children__children') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

-- One word a child, council and day of a list.
said as (
    select
        tokens.person_key,
        lists.area_code,
        lists.snapshot_on,
        lists.home_la,
        lists.home_district,
        lists.period_end,
        lists.received_at,
        lists.submission_id,
        lists.source_table,
        lists.source_row
    from lists
    inner join tokens
        on lists.child_token = tokens.child_token
    where lists.home_la is not null or lists.home_district is not null
),

folded as (
    select *
    from said
    {{ newest_return_wins(['person_key', 'area_code', 'snapshot_on']) }}
),

with_previous as (
    select
        *,
        lag(snapshot_on) over (partition by person_key, area_code order by snapshot_on) as previous_snapshot_on,
        lag(home_la) over (partition by person_key, area_code order by snapshot_on) as previous_la,
        lag(home_district) over (partition by person_key, area_code order by snapshot_on) as previous_district
    from folded
),

-- The list says where a child lives on its day, so a new home counts from the first list that has it.
final as (
    select
        {{ hash_key(['person_key', 'area_code', 'snapshot_on']) }} as child_area_key,
        person_key,
        area_code,
        home_la,
        home_district,
        snapshot_on as valid_from,
        {{ add_days('lead(snapshot_on) over (partition by person_key, area_code order by snapshot_on)', -1) }} as valid_to,
        submission_id,
        source_table,
        source_row
    from with_previous
    where
        previous_snapshot_on is null
        or coalesce(home_la, '') <> coalesce(previous_la, '')
        or coalesce(home_district, '') <> coalesce(previous_district, '')
)

select * from final
