with

reviews as (
    select * from {{ ref('fct_serious_incident_review') }}
),

audits as (
    select * from {{ ref('fct_audit') }}
),

review_themes as (
    select
        'review' as learning_source,
        review_key as learning_key,
        aware_on as learned_on,
        {{ one_row_a_code('themes') }} as theme,
        submission_id,
        source_table,
        source_row
    from reviews
),

-- A case is audited by several agencies: its themes are the case's, said by any of them, once.
audit_themes as (
    select
        'audit' as learning_source,
        case_key as learning_key,
        audited_on as learned_on,
        {{ one_row_a_code('themes') }} as theme,
        submission_id,
        source_table,
        source_row
    from audits
),

said as (
    select * from review_themes
    union all
    select * from audit_themes
),

final as (
    select
        {{ hash_key(['learning_source', 'learning_key', 'theme']) }} as learning_theme_key,
        learning_source,
        learning_key,
        learned_on,
        theme,
        submission_id,
        source_table,
        source_row
    from said
    qualify row_number() over (
        partition by learning_source, learning_key, theme
        order by learned_on, submission_id, source_row
    ) = 1
)

select * from final
