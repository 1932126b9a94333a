with

profiles as (
    select * from {{ ref('stg_council__gcp2__profiles') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

identified as (
    select
        profiles.*,
        tokens.person_key
    from profiles
    left join tokens
        on profiles.child_token = tokens.child_token
),

folded as (
    select *
    from identified
    {{ newest_return_wins(['area_code', 'profile_id']) }}
),

-- Grades run from 1 (best) to 5. An area counts as better only when both profiles graded it, the newer one lower.
final as (
    select
        {{ hash_key(['folded.area_code', 'folded.profile_id']) }} as gcp2_profile_key,
        folded.person_key,
        folded.area_code,
        folded.assessor_agency,
        folded.done_on,
        folded.recorded_on,
        folded.physical_grade,
        folded.safety_grade,
        folded.emotional_grade,
        folded.developmental_grade,
        case
            when earlier.profile_id is not null
                then {{ hash_key(['earlier.area_code', 'earlier.profile_id']) }}
        end as rescored_profile_key,
        folded.rescore_of is not null as is_rescore,
        case
            when earlier.profile_id is not null
                then
                    coalesce(folded.physical_grade < earlier.physical_grade, false)
                    or coalesce(folded.safety_grade < earlier.safety_grade, false)
                    or coalesce(folded.emotional_grade < earlier.emotional_grade, false)
                    or coalesce(folded.developmental_grade < earlier.developmental_grade, false)
        end as is_better_in_some_area,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
    left join folded as earlier
        on
            folded.area_code = earlier.area_code
            and folded.rescore_of = earlier.profile_id
            and folded.person_key = earlier.person_key
)

select * from final
