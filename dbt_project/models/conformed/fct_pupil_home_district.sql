with

on_roll as (
    select * from {{ ref('stg_school__school_census__addresses_on_roll') }}
),

off_roll as (
    select * from {{ ref('stg_school__school_census__addresses_off_roll') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

addresses as (
    select *, true as is_on_roll from on_roll
    union all
    select *, false as is_on_roll from off_roll
),

-- Two addresses of one pupil in one term are one row a district.
folded as (
    select *
    from addresses
    where home_district is not null
    qualify row_number() over (
        partition by area_code, period, child_token, home_district
        order by is_on_roll desc, submission_id, source_row
    ) = 1
),

final as (
    select
        {{ hash_key(['folded.area_code', 'folded.period', 'folded.child_token', 'folded.home_district']) }} as pupil_home_district_key,
        tokens.person_key,
        folded.area_code,
        folded.period as term,
        folded.home_district,
        folded.is_on_roll,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
    left join tokens
        on folded.child_token = tokens.child_token
)

select * from final
