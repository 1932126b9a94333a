with

standards as (
    select * from {{ ref('stg_partnership__section11__standards') }}
),

folded as (
    select *
    from standards
    {{ newest_return_wins(['submitter', 'period', 'agency_name', 'standard']) }}
),

final as (
    select
        {{ hash_key(['submitter', 'period', 'agency_name', 'standard']) }} as section11_key,
        period as financial_year,
        agency_name,
        standard,
        rating,
        evidence_given,
        action_needed,
        completed_on,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
