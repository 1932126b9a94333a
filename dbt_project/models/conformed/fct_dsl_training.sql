with

register as (
    select
        *,
        {{ year_id('register_date', 9) }} as academic_year
    from {{ ref('stg_school__follow_up__dsl_register') }}
),

current_numbers as (
    select * from {{ ref('bridge_school_urn') }}
),

mapped as (
    select
        register.*,
        coalesce(current_numbers.school_urn, register.school_urn) as current_urn
    from register
    left join current_numbers
        on
            register.academic_year = current_numbers.academic_year
            and register.area_code = current_numbers.area_code
            and register.school_urn = current_numbers.sent_urn
),

-- A school that is listed under its old and its new number is one school: its own number speaks first.
folded as (
    select *
    from mapped
    qualify row_number() over (
        partition by area_code, period, current_urn
        order by case when school_urn = current_urn then 0 else 1 end, received_at desc, submission_id desc, source_row
    ) = 1
),

final as (
    select
        {{ hash_key(['area_code', 'period', 'current_urn']) }} as dsl_training_key,
        area_code,
        academic_year,
        period as term,
        current_urn as school_urn,
        school_urn as sent_urn,
        register_date,
        dsl_in_post,
        dsl_last_trained_on,
        coalesce(dsl_last_trained_on >= {{ add_months('register_date', -dsl_training_months()) }}, false) as is_trained_in_two_years,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
