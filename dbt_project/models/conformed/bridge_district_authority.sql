-- Which upper-tier authority each district lies in, by the newest lookup that names the district.
with

districts as (
    select * from {{ ref('stg_published__local_authority_lookup__districts') }}
),

final as (
    select
        district_code,
        district_name,
        authority_code,
        authority_name,
        period as vintage,
        submission_id,
        source_table,
        source_row
    from districts
    {{ newest_return_wins(['district_code']) }}
)

select * from final
