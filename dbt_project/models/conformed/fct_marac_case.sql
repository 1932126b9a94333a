with

marac_cases as (
    select * from {{ ref('stg_police__dash_marac__marac_cases') }}
),

councils as (
    select * from {{ ref('area') }}
    where area_type = 'council'
),

marac_children as (
    select * from {{ ref('stg_police__dash_marac__marac_children') }}
),

folded as (
    select *
    from marac_cases
    {{ newest_return_wins(['submitter', 'case_ref']) }}
),

named as (
    select
        submitter,
        case_ref,
        cast(count(distinct child_token) as bigint) as children_sent
    from marac_children
    group by submitter, case_ref
),

-- The meeting at which the household was heard before; one that was put off heard nothing.
followed as (
    select
        submitter,
        case_ref,
        meeting_on,
        max(case when coalesce(outcome, 'ACTIONS') <> 'ADJOURNED' then meeting_on end) over (
            partition by submitter, household_ref
            order by meeting_on, case_ref
            rows between unbounded preceding and 1 preceding
        ) as last_heard_on
    from folded
),

final as (
    select
        {{ hash_key(['folded.submitter', 'folded.case_ref']) }} as case_key,
        {{ hash_key(['folded.submitter', 'folded.household_ref']) }} as household_key,
        councils.area_code,
        folded.meeting_area,
        folded.referred_on,
        folded.meeting_on,
        folded.referring_agency,
        folded.children_count,
        coalesce(named.children_sent, 0) as children_sent,
        folded.outcome,
        followed.last_heard_on,
        coalesce(followed.meeting_on <= {{ add_months('followed.last_heard_on', 12) }}, false) as is_repeat_within_12_months,
        folded.is_repeat as is_repeat_as_sent,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
    left join councils
        on folded.meeting_area = cast(councils.la_code as string)
    inner join followed
        on
            folded.submitter = followed.submitter
            and folded.case_ref = followed.case_ref
    left join named
        on
            folded.submitter = named.submitter
            and folded.case_ref = named.case_ref
)

select * from final
