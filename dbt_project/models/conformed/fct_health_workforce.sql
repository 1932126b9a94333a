with

levels as (
    select * from {{ ref('stg_health__safeguarding_workforce__levels') }}
),

folded as (
    select *
    from levels
    {{ newest_return_wins(['submitter', 'counted_on', 'provider', 'staff_group', 'level']) }}
),

final as (
    select
        {{ hash_key(['folded.submitter', 'folded.counted_on', 'folded.provider', 'folded.staff_group', 'folded.level']) }} as count_key,
        folded.counted_on,
        {{ quarter_id('folded.counted_on') }} as quarter_id,
        folded.provider,
        folded.staff_group,
        folded.level as training_level,
        folded.eligible,
        folded.in_date,
        folded.supervision_due,
        folded.supervised,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
)

select * from final
