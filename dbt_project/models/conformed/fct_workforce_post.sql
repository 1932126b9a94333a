with

posts as (
    select * from {{ ref('stg_council__workforce_posts__posts') }}
),

folded as (
    select *
    from posts
    {{ newest_return_wins(['area_code', 'snapshot_on', 'district', 'team', 'role']) }}
),

-- Vacant and covered by an agency worker overlap: a vacancy that is covered is still vacant, and nobody is counted twice.
final as (
    select
        {{ hash_key(['area_code', 'snapshot_on', 'district', 'team', 'role']) }} as workforce_post_key,
        area_code,
        snapshot_on,
        district,
        team,
        role,
        fte_established,
        fte_filled,
        fte_vacant,
        fte_agency,
        fte_agency_covering,
        case
            when fte_vacant >= fte_agency_covering then fte_vacant - fte_agency_covering
            when fte_agency_covering is not null then 0
        end as fte_uncovered,
        leavers,
        cases_held,
        fte_case_holding,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
