-- Match rate of a return: of the children in it, how many another agency knows too.
with

sightings as (
    select * from {{ ref('int_child_sighting') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

persons as (
    select * from {{ ref('int_person_agency') }}
),

submissions as (
    select * from {{ ref('fct_submission') }}
),

-- A child's own agency is one of those that know the child, so a second one is another.
children as (
    select distinct
        sightings.submission_id,
        sightings.child_token,
        persons.n_agencies > 1 as is_matched
    from sightings
    inner join tokens
        on sightings.child_token = tokens.child_token
    inner join persons
        on tokens.person_key = persons.person_key
),

counted as (
    select
        submission_id,
        count(*) as n_children,
        count(case when is_matched then 1 end) as n_matched
    from children
    group by submission_id
),

final as (
    select
        submissions.submission_id,
        submissions.agency,
        submissions.extract,
        submissions.submitter,
        submissions.area_code,
        submissions.period,
        submissions.period_start,
        submissions.period_end,
        counted.n_children,
        counted.n_matched,
        cast(100.0 * counted.n_matched / counted.n_children as double) as match_rate,
        cast({{ wilson('counted.n_matched', 'counted.n_children', 'low') }} as double) as ci_low,
        cast({{ wilson('counted.n_matched', 'counted.n_children', 'high') }} as double) as ci_high
    from counted
    inner join submissions
        on counted.submission_id = submissions.submission_id
)

select * from final
