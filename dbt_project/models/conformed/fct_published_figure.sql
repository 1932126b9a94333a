-- The figure that counts: of all vintages that have the cell, the newest. A column that a newer file no longer has keeps its
-- last published figure, so nothing is lost when a publication changes shape.
with

figures as (
    select * from {{ ref('int_published_figure') }}
),

final as (
    select
        published_figure_key,
        source_table,
        measure,
        breakdown,
        area_code,
        area_name,
        geographic_level,
        time_period,
        value,
        symbol,
        vintage,
        submission_id,
        source_row
    from figures
    qualify row_number() over (
        partition by published_figure_key
        order by vintage_ends_on desc, received_at desc, submission_id desc
    ) = 1
)

select * from final
