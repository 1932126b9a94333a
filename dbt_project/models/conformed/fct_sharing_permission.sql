with

permissions as (
    select * from {{ ref('stg_partnership__sharing_agreements__permissions') }}
),

-- The register is whole in every file: only the newest one stands, and what it no longer lists is no longer permitted.
dated as (
    select
        *,
        max(period_end) over () as newest_period_end
    from permissions
),

standing as (
    select *
    from dated
    where period_end = newest_period_end
    {{ newest_return_wins(['sender', 'extract_key', 'table_name', 'field_name', 'purpose']) }}
),

final as (
    select
        {{ hash_key(['sender', 'extract_key', 'table_name', 'field_name', 'purpose']) }} as permission_key,
        sender,
        extract_key,
        table_name,
        field_name,
        purpose,
        permission,
        lawful_basis,
        starts_on,
        ends_on,
        retention_years,
        audience,
        agreement_ref,
        register_date,
        submission_id,
        source_table,
        source_row
    from standing
)

select * from final
