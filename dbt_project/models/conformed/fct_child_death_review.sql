with

counts as (
    select * from {{ ref('stg_health__child_death_review__counts') }}
),

folded as (
    select *
    from counts
    {{ newest_return_wins(['submitter', 'year_start', 'category']) }}
),

final as (
    select
        {{ hash_key(['folded.submitter', 'folded.year_start', 'folded.category']) }} as count_key,
        folded.year_start,
        {{ year_id('folded.year_start', 4) }} as financial_year,
        folded.category as death_category,
        folded.deaths_notified,
        folded.deaths_notified_symbol,
        folded.deaths_reviewed,
        folded.deaths_reviewed_symbol,
        folded.reviewed_in_time,
        folded.reviewed_in_time_symbol,
        folded.modifiable,
        folded.modifiable_symbol,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
)

select * from final
