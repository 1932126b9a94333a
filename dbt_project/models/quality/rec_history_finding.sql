{#- Columns of an episode that must stay as they were from one year's return to the next: rule -> column. -#}
{%- set kept = {
    '903-503A': 'reason_new_episode', '903-503B': 'legal_status', '903-503C': 'category_of_need', '903-503D': 'placement',
    '903-503E': 'placement_provider', '903-503F': 'placement_urn', '903-503G': 'placement_distance',
    '903-503H': 'placement_la', '903-503J': 'placement_location', '903-452': 'placement_la', '903-453': 'placement_distance',
} -%}
{%- set short_breaks_apart = ['903-452', '903-453'] -%}
{%- set worker_kept = {
    '903-SW16aSTG2': 'social_worker_id', '903-SW16bSTG2': 'social_worker_started_on', '903-SW16cSTG2': 'reason_social_worker_change',
} -%}

with

header as (
    select * from {{ ref('stg_council__ssda903__header') }}
),

episodes as (
    select * from {{ ref('stg_council__ssda903__episodes') }}
),

uasc as (
    select * from {{ ref('stg_council__ssda903__uasc') }}
),

oc3 as (
    select * from {{ ref('stg_council__ssda903__oc3') }}
),

placed_adoption as (
    select * from {{ ref('stg_council__ssda903__placed_adoption') }}
),

missing as (
    select * from {{ ref('stg_council__ssda903__missing') }}
),

sw_episodes as (
    select * from {{ ref('stg_council__ssda903__sw_episodes') }}
),

submissions as (
    select * from {{ ref('stg_pipeline__current_submissions') }}
),

-- A return and the one of the year before by the same council. Without that one nothing can be compared.
years as (
    select
        now.submission_id,
        now.submitter,
        now.period_start,
        now.period_end,
        before.submission_id as last_id
    from submissions as now
    inner join submissions as before
        on
            now.submitter = before.submitter
            and before.extract = 'ssda903'
            and before.period_end = {{ add_months('now.period_end', -12) }}
    where now.extract = 'ssda903'
),

episodes_numbered as (
    select
        *,
        row_number() over (partition by submission_id, child_token order by episode_started_on, source_row) as number_in_year,
        row_number() over (
            partition by submission_id, child_token order by episode_started_on desc, source_row desc
        ) as number_from_end
    from episodes
),

first_now as (
    select * from episodes_numbered
    where number_in_year = 1
),

last_of_year as (
    select * from episodes_numbered
    where number_from_end = 1
),

open_at_end as (
    select * from last_of_year
    where episode_ceased_on is null
),

first_against_open as (
    select
        years.submission_id,
        first_now.source_row,
        {% for column in kept.values() | unique %}
        first_now.{{ column }} as {{ column }}_now,
        open_at_end.{{ column }} as {{ column }}_before,
        {% endfor %}
        first_now.episode_started_on as started_now,
        open_at_end.episode_started_on as started_before
    from years
    inner join first_now on years.submission_id = first_now.submission_id
    inner join open_at_end
        on
            years.last_id = open_at_end.submission_id
            and first_now.child_token = open_at_end.child_token
),

header_pairs as (
    select
        years.submission_id,
        years.last_id,
        years.period_start,
        now.source_row,
        now.child_token,
        now.sex,
        before.sex as sex_before,
        now.birth_date,
        before.birth_date as birth_date_before,
        now.ethnicity,
        before.ethnicity as ethnicity_before,
        now.mother,
        before.mother as mother_before,
        now.mother_child_birth_date,
        before.mother_child_birth_date as mother_child_birth_date_before
    from years
    inner join header as now on years.submission_id = now.submission_id
    inner join header as before
        on
            years.last_id = before.submission_id
            and now.child_token = before.child_token
),

uasc_by_child as (
    select
        submission_id,
        child_token,
        period_end,
        max(uasc_ceased_on) as uasc_ceased_on
    from uasc
    group by submission_id, child_token, period_end
),

-- The first decision of this year's return against the last one of the year before.
decisions as (
    select
        *,
        row_number() over (partition by submission_id, child_token order by placed_for_adoption_on, source_row) as number_in_year,
        row_number() over (
            partition by submission_id, child_token order by placed_for_adoption_on desc, source_row desc
        ) as number_from_end
    from placed_adoption
    where placed_for_adoption_on is not null
),

decision_pairs as (
    select
        years.submission_id,
        now.source_row,
        now.placed_for_adoption_on,
        now.placed_for_adoption_ceased_on,
        before.placed_for_adoption_on as placed_before,
        before.placed_for_adoption_ceased_on as ceased_before
    from years
    inner join decisions as now
        on
            years.submission_id = now.submission_id
            and now.number_in_year = 1
    inner join decisions as before
        on
            years.last_id = before.submission_id
            and now.child_token = before.child_token
            and before.number_from_end = 1
),

workers_numbered as (
    select
        *,
        row_number() over (partition by submission_id, child_token order by social_worker_started_on, source_row) as number_in_year,
        row_number() over (
            partition by submission_id, child_token order by social_worker_started_on desc, source_row desc
        ) as number_from_end
    from sw_episodes
),

worker_pairs as (
    select
        years.submission_id,
        {% for column in worker_kept.values() %}
        now.{{ column }} as {{ column }}_now,
        before.{{ column }} as {{ column }}_before,
        {% endfor %}
        now.source_row
    from years
    inner join workers_numbered as now
        on
            years.submission_id = now.submission_id
            and now.number_in_year = 1
    inner join workers_numbered as before
        on
            years.last_id = before.submission_id
            and now.child_token = before.child_token
            and before.number_from_end = 1
            and before.social_worker_ended_on is null
),

-- Episodes of all returns up to this one: an episode that comes in two years ends as the later one says.
episodes_so_far as (
    select
        leavers.submission_id,
        leavers.source_row,
        leavers.child_token,
        leavers.birth_date,
        leavers.period_end,
        episodes.episode_started_on,
        max(episodes.episode_ceased_on) as episode_ceased_on
    from oc3 as leavers
    inner join episodes
        on
            leavers.submitter = episodes.submitter
            and leavers.child_token = episodes.child_token
            and episodes.period_end <= leavers.period_end
    where coalesce(episodes.legal_status not in ('V3', 'V4'), true)
    group by
        leavers.submission_id,
        leavers.source_row,
        leavers.child_token,
        leavers.birth_date,
        leavers.period_end,
        episodes.episode_started_on
),

-- Only months of birth are kept, so ages are reached on the first of the month: that never counts too few days.
care_so_far as (
    select
        submission_id,
        source_row,
        sum(
            case
                when coalesce(episode_ceased_on, period_end) > {{ add_months('birth_date', 168) }}
                    then {{ days_between('greatest(episode_started_on, ' ~ add_months('birth_date', 168) ~ ')', 'least(coalesce(episode_ceased_on, period_end), period_end)') }}
                else 0
            end
        ) as days_since_14,
        max(case when coalesce(episode_ceased_on, period_end) > {{ add_months('birth_date', 192) }} then 1 else 0 end) as was_in_care_at_16
    from episodes_so_far
    group by submission_id, source_row
),

found as (
    {% for rule, column in {'903-202': 'sex', '903-203': 'birth_date', '903-204': 'ethnicity', '903-624': 'mother_child_birth_date'}.items() %}
    select '{{ rule }}' as rule_id, submission_id, source_row
    from header_pairs
    where {{ column }} <> {{ column }}_before

    union all

    {% endfor %}
    select '903-205A' as rule_id, pairs.submission_id, pairs.source_row
    from header_pairs as pairs
    inner join uasc_by_child as before
        on
            pairs.last_id = before.submission_id
            and pairs.child_token = before.child_token
    left join uasc_by_child as now
        on
            pairs.submission_id = now.submission_id
            and pairs.child_token = now.child_token
    where
        now.child_token is null
        and coalesce(before.uasc_ceased_on > before.period_end, true)

    union all

    select '903-205B' as rule_id, now.submission_id, now.source_row
    from uasc as now
    inner join years on now.submission_id = years.submission_id
    inner join uasc_by_child as before
        on
            years.last_id = before.submission_id
            and now.child_token = before.child_token
    where before.uasc_ceased_on <= before.period_end

    union all

    select '903-205D' as rule_id, now.submission_id, now.source_row
    from uasc as now
    inner join header_pairs as pairs
        on
            now.submission_id = pairs.submission_id
            and now.child_token = pairs.child_token
    left join uasc_by_child as before
        on
            pairs.last_id = before.submission_id
            and now.child_token = before.child_token
    where before.child_token is null

    union all

    select '903-207' as rule_id, submission_id, source_row
    from header_pairs
    where mother_before and not mother

    union all

    select '903-626' as rule_id, submission_id, source_row
    from header_pairs
    where mother and not coalesce(mother_before, false) and mother_child_birth_date < period_start

    union all

    select '903-576' as rule_id, pairs.submission_id, pairs.source_row
    from header_pairs as pairs
    inner join missing as before
        on
            pairs.last_id = before.submission_id
            and pairs.child_token = before.child_token
            and before.missing_ended_on is null
    left join missing as now
        on
            pairs.submission_id = now.submission_id
            and pairs.child_token = now.child_token
            and before.missing_started_on = now.missing_started_on
    where now.child_token is null

    union all

    select '903-502' as rule_id, submission_id, source_row
    from first_against_open
    where started_now <> started_before

    union all

    {% for rule, column in kept.items() %}
    select '{{ rule }}' as rule_id, submission_id, source_row
    from first_against_open
    where
        started_now = started_before
        and {{ column }}_now <> {{ column }}_before
        {% if rule in short_breaks_apart %}and coalesce(legal_status_now not in ('V3', 'V4'), true){% endif %}

    union all

    {% endfor %}
    select '903-562' as rule_id, first_now.submission_id, first_now.source_row
    from first_now
    inner join years on first_now.submission_id = years.submission_id
    inner join last_of_year
        on
            years.last_id = last_of_year.submission_id
            and first_now.child_token = last_of_year.child_token
    where
        first_now.episode_started_on < years.period_start
        and last_of_year.episode_ceased_on is not null

    union all

    select '903-NoE' as rule_id, first_now.submission_id, first_now.source_row
    from first_now
    inner join years on first_now.submission_id = years.submission_id
    left join last_of_year
        on
            years.last_id = last_of_year.submission_id
            and first_now.child_token = last_of_year.child_token
    where
        first_now.episode_started_on < years.period_start
        and last_of_year.child_token is null

    union all

    select '903-559' as rule_id, now.submission_id, now.source_row
    from placed_adoption as now
    inner join years on now.submission_id = years.submission_id
    left join placed_adoption as before
        on
            years.last_id = before.submission_id
            and now.child_token = before.child_token
            and now.placed_for_adoption_on = before.placed_for_adoption_on
    where
        now.placed_for_adoption_on < years.period_start
        and before.child_token is null

    union all

    select '903-560' as rule_id, submission_id, source_row
    from decision_pairs
    where
        placed_for_adoption_on <> placed_before
        and ceased_before is null
        and placed_for_adoption_ceased_on is null

    union all

    select '903-561' as rule_id, submission_id, source_row
    from decision_pairs
    where
        placed_for_adoption_on = placed_before
        and ceased_before is not null

    union all

    select '903-584' as rule_id, submission_id, source_row
    from decision_pairs
    where
        placed_for_adoption_on <> placed_before
        and ceased_before is null
        and placed_for_adoption_ceased_on is not null

    union all

    select '903-1001' as rule_id, care.submission_id, care.source_row
    from care_so_far as care
    inner join years on care.submission_id = years.submission_id
    where care.days_since_14 < 91 or care.was_in_care_at_16 = 0

    union all

    select '903-1002' as rule_id, leavers.submission_id, leavers.source_row
    from oc3 as leavers
    inner join years on leavers.submission_id = years.submission_id
    left join episodes
        on
            leavers.submitter = episodes.submitter
            and leavers.child_token = episodes.child_token
            and episodes.period_end <= leavers.period_end
    where episodes.child_token is null

    union all

    select '903-1010' as rule_id, leavers.submission_id, leavers.source_row
    from oc3 as leavers
    inner join years on leavers.submission_id = years.submission_id
    inner join open_at_end
        on
            years.last_id = open_at_end.submission_id
            and leavers.child_token = open_at_end.child_token
    left join first_now
        on
            leavers.submission_id = first_now.submission_id
            and leavers.child_token = first_now.child_token
    where first_now.child_token is null

    {% for rule, column in worker_kept.items() %}
    union all

    select '{{ rule }}' as rule_id, submission_id, source_row
    from worker_pairs
    where {{ column }}_now <> {{ column }}_before

    {% endfor %}
),

rules as (
    select * from {{ ref('history_rule') }}
),

final as (
    select distinct
        found.submission_id,
        rules.table_name,
        found.source_row,
        rules.column_name,
        found.rule_id,
        rules.severity
    from found
    inner join rules on found.rule_id = rules.rule_id
)

select * from final
