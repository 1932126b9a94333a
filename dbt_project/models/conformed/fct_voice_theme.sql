with

responses as (
    select * from {{ ref('fct_voice_response') }}
),

said as (
    select
        voice_key,
        area_code,
        collected_on,
        question,
        {{ one_row_a_code('themes') }} as theme,
        submission_id,
        source_table,
        source_row
    from responses
),

final as (
    select
        {{ hash_key(['voice_key', 'theme']) }} as voice_theme_key,
        voice_key,
        area_code,
        collected_on,
        question,
        theme,
        submission_id,
        source_table,
        source_row
    from said
)

select * from final
