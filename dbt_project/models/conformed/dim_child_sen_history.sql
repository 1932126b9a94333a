with

pupil_terms as (
    select * from {{ ref('fct_pupil_term') }}
),

terms as (
    select
        submission_id,
        period_start,
        period_end
    from {{ ref('stg_pipeline__current_submissions') }}
    where extract = 'school_census'
),

-- A dual-registered pupil has two rows a term: the main registration speaks, then the row with the need.
stated as (
    select
        pupil_terms.*,
        terms.period_start,
        terms.period_end
    from pupil_terms
    inner join terms
        on pupil_terms.submission_id = terms.submission_id
    where pupil_terms.sen_provision is not null
    qualify row_number() over (
        partition by pupil_terms.person_key, terms.period_start
        order by
            case when pupil_terms.enrolment_status = 'S' then 1 else 0 end,
            case pupil_terms.sen_provision when 'N' then 1 else 0 end,
            pupil_terms.pupil_term_key
    ) = 1
),

compared as (
    select
        *,
        lag(sen_provision) over (partition by person_key order by period_start) as previous_provision
    from stated
),

begins as (
    select
        *,
        sum(case when previous_provision = sen_provision then 0 else 1 end) over (
            partition by person_key order by period_start rows between unbounded preceding and current row
        ) as spell
    from compared
),

spells as (
    select
        person_key,
        spell,
        min(sen_provision) as sen_provision,
        min(period_start) as valid_from,
        max(period_end) as last_seen_on,
        min_by(area_code, period_start) as area_code,
        min_by(submission_id, period_start) as submission_id,
        min_by(source_table, period_start) as source_table,
        min_by(source_row, period_start) as source_row
    from begins
    group by person_key, spell
),

final as (
    select
        {{ hash_key(['person_key', 'valid_from']) }} as sen_key,
        person_key,
        area_code,
        sen_provision,
        valid_from,
        {{ add_days("lead(valid_from) over (partition by person_key order by valid_from)", -1) }} as valid_to,
        last_seen_on,
        submission_id,
        source_table,
        source_row
    from spells
)

select * from final
