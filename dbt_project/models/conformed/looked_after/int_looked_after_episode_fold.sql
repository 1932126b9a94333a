with

sightings as (
    select * from {{ ref('int_looked_after_episode_sighting') }}
),

-- One row of each child and start date stands: the newest return's; of two in one return, the one that says most of the end.
ranked as (
    select
        *,
        row_number() over (
            partition by submitter, person_key, started_on
            order by
                period_end desc,
                coalesce(reported_ended_on, cast('0001-01-01' as date)) desc,
                source_row,
                sighting_key
        ) as precedence,
        min(period_end) over (partition by submitter, person_key, started_on) as first_period_end,
        max(period_end) over (partition by submitter, person_key, started_on) as last_period_end,
        min(period) over (partition by submitter, person_key, started_on) as first_period,
        max(period) over (partition by submitter, person_key, started_on) as last_period,
        count(*) over (partition by submitter, person_key, started_on) as times_reported
    from sightings
),

standing as (
    select * from ranked
    where precedence = 1
),

-- A later return tells the same time with another episode, and no longer holds this one.
covered as (
    select
        earlier.sighting_key,
        later.sighting_key as covered_by,
        later.last_period_end,
        later.started_on
    from standing as earlier
    inner join standing as later
        on
            earlier.submitter = later.submitter
            and earlier.person_key = later.person_key
            and earlier.last_period_end < later.first_period_end
            and earlier.started_on > later.started_on
    where
        earlier.started_on < coalesce(later.reported_ended_on, cast('9999-12-31' as date))
        and (
            earlier.reported_ended_on is null
            or earlier.reported_ended_on <= coalesce(later.reported_ended_on, cast('9999-12-31' as date))
        )
),

-- Only an episode that stands by itself can replace another.
replaced as (
    select
        sighting_key,
        covered_by
    from covered
    where covered_by not in (select others.sighting_key from covered as others)
    qualify row_number() over (
        partition by sighting_key
        order by last_period_end desc, started_on, covered_by
    ) = 1
),

final as (
    select
        ranked.*,
        case
            when ranked.precedence > 1 and ranked.period_end < ranked.last_period_end then 'LAC-R1'
            when ranked.precedence > 1 then 'LAC-R2'
            when replaced.covered_by is not null then 'LAC-R3'
        end as dropped_by,
        case
            when ranked.precedence > 1 then standing.sighting_key
            else replaced.covered_by
        end as replaced_by
    from ranked
    left join standing
        on
            ranked.submitter = standing.submitter
            and ranked.person_key = standing.person_key
            and ranked.started_on = standing.started_on
    left join replaced
        on ranked.sighting_key = replaced.sighting_key
)

select * from final
