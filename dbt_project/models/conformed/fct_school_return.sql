with

returns as (
    select * from {{ ref('stg_school__safeguarding_return__returns') }}
),

current_numbers as (
    select * from {{ ref('bridge_school_urn') }}
),

-- A return that carries the number of a school's predecessor is that school's.
mapped as (
    select
        returns.*,
        returns.school_urn as sent_urn,
        coalesce(current_numbers.school_urn, returns.school_urn) as current_urn
    from returns
    left join current_numbers
        on
            returns.period = current_numbers.academic_year
            and returns.area_code = current_numbers.area_code
            and returns.school_urn = current_numbers.sent_urn
),

folded as (
    select *
    from mapped
    {{ newest_return_wins(['period', 'area_code', 'sent_urn', 'version']) }}
),

-- A school's own return speaks before its predecessor's, then the highest version, then the last sent.
final as (
    select
        {{ hash_key(['period', 'area_code', 'sent_urn', 'version']) }} as school_return_key,
        period as academic_year,
        area_code,
        current_urn as school_urn,
        sent_urn,
        version,
        submitted_at,
        self_identified,
        signed_by_head,
        signed_by_governor,
        respondent_role,
        row_number() over (
            partition by period, area_code, current_urn
            order by case when sent_urn = current_urn then 0 else 1 end, version desc, submitted_at desc, sent_urn
        ) = 1 as is_latest,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
