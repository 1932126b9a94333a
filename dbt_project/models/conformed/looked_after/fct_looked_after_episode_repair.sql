with

rows_folded as (
    select * from {{ ref('int_looked_after_episode_fold') }}
),

episodes as (
    select * from {{ ref('int_looked_after_episode_end') }}
),

repairs as (
    select
        sighting_key,
        dropped_by as rule_id,
        replaced_by as because_of,
        cast(null as date) as ended_on,
        cast(null as string) as end_reason
    from rows_folded
    where dropped_by is not null
    union all
    select
        sighting_key,
        repaired_by as rule_id,
        next_sighting_key as because_of,
        ended_on,
        end_reason
    from episodes
    where repaired_by is not null
),

rules as (
    select * from {{ ref('looked_after_repair_rule') }}
),

final as (
    select
        {{ hash_key(['repairs.rule_id', 'repairs.sighting_key']) }} as repair_key,
        repairs.rule_id,
        rules.action,
        mended.person_key,
        mended.area_code,
        mended.submitter,
        mended.period,
        mended.started_on,
        mended.reported_ended_on,
        mended.reported_end_reason,
        repairs.ended_on,
        repairs.end_reason,
        mended.submission_id,
        mended.source_table,
        mended.source_row,
        other_row.submission_id as because_of_submission_id,
        other_row.source_row as because_of_source_row
    from repairs
    inner join rows_folded as mended
        on repairs.sighting_key = mended.sighting_key
    left join rows_folded as other_row
        on repairs.because_of = other_row.sighting_key
    left join rules
        on repairs.rule_id = rules.rule_id
)

select * from final
