{%- set purged = 'not coalesce(is_purged, false)' -%}
{#- Of a list below an episode: how many objects of it the case system has not deleted, and how many of those are open. -#}
{%- set lists = {
    'assessments': 'authorised_on', 'cin_plans': 'ended_on', 'section47': 'ended_on', 'cp_plans': 'ended_on', 'placements': 'ended_on'
} -%}
with

children as (
    select * from {{ ref('stg_council__csc_daily__children') }}
),

episodes as (
    select * from {{ ref('stg_council__csc_daily__episodes') }}
),

{% for list in lists -%}
{{ list }} as (
    select * from {{ ref('stg_council__csc_daily__' ~ list) }}
),

{% endfor -%}
care_workers as (
    select * from {{ ref('stg_council__csc_daily__care_workers') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

-- `purge` on a child deletes all below it, on an episode all below that. Deleted is not counted anywhere; raw keeps it, marked.
standing as (
    select
        episodes.*,
        tokens.person_key,
        children.home_district
    from episodes
    inner join children
        on
            episodes.submission_id = children.submission_id
            and episodes.parent_row = children.source_row
    inner join tokens
        on episodes.child_token = tokens.child_token
    where
        not coalesce(episodes.is_purged, false)
        and not coalesce(children.is_purged, false)
),

{% for list, ends in lists.items() -%}
{{ list }}_of_episode as (
    select
        submission_id,
        parent_row,
        count(*) as listed,
        count(*) filter (where {{ ends }} is null) as still_open
    from {{ list }}
    where {{ purged }}
    group by submission_id, parent_row
),

{% endfor -%}
workers_of_episode as (
    select
        submission_id,
        parent_row,
        count(distinct worker_id) as workers
    from care_workers
    group by submission_id, parent_row
),

counted as (
    select
        standing.*,
        {%- for list in lists %}
        coalesce({{ list }}_of_episode.listed, 0) as {{ list }}_listed,
        coalesce({{ list }}_of_episode.still_open, 0) as {{ list }}_open,
        {%- endfor %}
        coalesce(workers_of_episode.workers, 0) as workers
    from standing
    {%- for list in lists %}
    left join {{ list }}_of_episode
        on
            standing.submission_id = {{ list }}_of_episode.submission_id
            and standing.source_row = {{ list }}_of_episode.parent_row
    {%- endfor %}
    left join workers_of_episode
        on
            standing.submission_id = workers_of_episode.submission_id
            and standing.source_row = workers_of_episode.parent_row
),

folded as (
    select *
    from counted
    {{ newest_return_wins(['area_code', 'person_key', 'episode_id']) }}
),

final as (
    select
        {{ hash_key(['area_code', 'person_key', 'episode_id']) }} as feed_episode_key,
        person_key,
        area_code,
        referral_date,
        referral_source,
        coalesce(referral_nfa, false) as is_nfa,
        closure_date,
        closure_reason,
        closure_date is null as is_open,
        assessments_listed as assessments,
        section47_listed as section47_enquiries,
        cin_plans_open > 0 as on_cin_plan,
        cp_plans_open > 0 as on_cp_plan,
        placements_open > 0 as is_looked_after,
        workers,
        home_district,
        period_end as as_at,
        received_at as recorded_at,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
