with

pre_proceedings as (
    select * from {{ ref('stg_council__cin_census__pre_proceedings') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

identified as (
    select
        pre_proceedings.*,
        tokens.person_key
    from pre_proceedings
    left join tokens
        on pre_proceedings.child_token = tokens.child_token
),

folded as (
    select *
    from identified
    {{ newest_return_wins(['area_code', 'person_key', 'pre_proceedings_start_date']) }}
),

final as (
    select
        {{ hash_key(['area_code', 'person_key', 'pre_proceedings_start_date']) }} as pre_proceedings_key,
        person_key,
        area_code,
        pre_proceedings_start_date as start_date,
        pre_proceedings_end_date as end_date,
        period as census_year,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
