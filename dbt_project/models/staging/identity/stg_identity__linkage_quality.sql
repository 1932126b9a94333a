with

linkage_quality as (
    select * from {{ source('identity', 'linkage_quality') }}
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
        correct_pairs
    from linkage_quality
)

select * from final
