with

responses as (
    select * from {{ ref('stg_partnership__voice__responses') }}
    where consent
),

councils as (
    select * from {{ ref('area') }}
    where area_type = 'council'
),

folded as (
    select *
    from responses
    {{ newest_return_wins(['submitter', 'response_ref', 'question']) }}
),

final as (
    select
        {{ hash_key(['folded.submitter', 'folded.response_ref', 'folded.question']) }} as voice_key,
        councils.area_code,
        folded.collected_on,
        folded.agency_name,
        folded.question,
        folded.answer,
        folded.themes,
        folded.age_band,
        folded.submission_id,
        folded.source_table,
        folded.source_row
    from folded
    left join councils
        on folded.council_area = cast(councils.la_code as string)
)

select * from final
