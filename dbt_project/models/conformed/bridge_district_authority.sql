-- Which upper-tier authority each district lies in, by the newest lookup that names the district.
with

districts as (
    select * from {{ ref('stg_published__local_authority_lookup__districts') }}
),

final as (
    select
        lower_tier_code as district_code,
        lower_tier_name as district_name,
        upper_tier_code as authority_code,
        upper_tier_name as authority_name,
        period as vintage,
        submission_id,
        source_table,
        source_row
    from districts
    {{ newest_return_wins(['lower_tier_code']) }}
)

select * from final
