with

contributions as (
    select * from {{ ref('stg_partnership__budget_contributions__contributions') }}
),

folded as (
    select *
    from contributions
    {{ newest_return_wins(['submitter', 'period', 'agency_name', 'contribution_kind']) }}
),

final as (
    select
        {{ hash_key(['submitter', 'period', 'agency_name', 'contribution_kind']) }} as contribution_key,
        period as financial_year,
        agency_name,
        contribution_kind,
        agreed_amount,
        paid_amount,
        paid_to_date,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
