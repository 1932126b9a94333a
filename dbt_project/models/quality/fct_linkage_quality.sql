-- How good linkage is, where the truth is known: of the pairs that are one child, how many were found (recall), and of
-- the pairs that were linked, how many are one child (precision), each with its 95% interval.
with

counted as (
    select * from {{ ref('stg_identity__linkage_quality') }}
),

whole as (
    select
        measured_on,
        cast(sum(correct_pairs) as double) / nullif(sum(true_pairs), 0) as recall
    from counted
    where group_kind = 'all' and agency_a = 'all'
    group by measured_on
),

of_agencies as (
    select
        measured_on,
        agency_a,
        agency_b,
        cast(correct_pairs as double) / nullif(true_pairs, 0) as recall
    from counted
    where group_kind = 'all'
),

-- A group is held against everybody of the same two agencies; two agencies against all agencies.
measured as (
    select
        counted.*,
        100.0 * cast(counted.correct_pairs as double) / nullif(counted.linked_pairs, 0) as precision_percent,
        100.0 * cast(counted.correct_pairs as double) / nullif(counted.true_pairs, 0) as recall_percent,
        100.0 * case when counted.group_kind = 'all' then whole.recall else of_agencies.recall end as whole_recall
    from counted
    left join whole on counted.measured_on = whole.measured_on
    left join of_agencies
        on
            counted.measured_on = of_agencies.measured_on
            and counted.agency_a = of_agencies.agency_a
            and counted.agency_b = of_agencies.agency_b
),

final as (
    select
        measured_on,
        agency_a,
        agency_b,
        group_kind,
        group_value,
        true_pairs,
        linked_pairs,
        correct_pairs,
        true_pairs - correct_pairs as missed_pairs,
        linked_pairs - correct_pairs as wrong_pairs,
        cast(precision_percent as double) as precision_percent,
        cast({{ wilson('correct_pairs', 'linked_pairs', 'low') }} as double) as precision_low,
        cast({{ wilson('correct_pairs', 'linked_pairs', 'high') }} as double) as precision_high,
        cast(recall_percent as double) as recall_percent,
        cast({{ wilson('correct_pairs', 'true_pairs', 'low') }} as double) as recall_low,
        cast({{ wilson('correct_pairs', 'true_pairs', 'high') }} as double) as recall_high,
        cast(whole_recall as double) as whole_recall,
        coalesce(recall_percent < whole_recall - {{ var('linkage_recall_gap') }}, false) as is_recall_low
    from measured
)

select * from final
