-- Cells that a newer vintage of a published file says differently: another number, a number where a symbol stood, or the
-- other way round. A cell that only one vintage has is not a revision.
with

figures as (
    select * from {{ ref('int_published_figure') }}
),

in_order as (
    select
        published_figure_key,
        source_table,
        measure,
        breakdown,
        area_code,
        area_name,
        geographic_level,
        time_period,
        lag(vintage) over (partition by published_figure_key order by vintage_ends_on) as old_vintage,
        lag(value) over (partition by published_figure_key order by vintage_ends_on) as old_value,
        lag(symbol) over (partition by published_figure_key order by vintage_ends_on) as old_symbol,
        vintage as new_vintage,
        value as new_value,
        symbol as new_symbol,
        submission_id,
        source_row
    from figures
),

final as (
    select
        {{ hash_key(['published_figure_key', 'new_vintage']) }} as published_revision_key,
        published_figure_key,
        source_table,
        measure,
        breakdown,
        area_code,
        area_name,
        geographic_level,
        time_period,
        old_vintage,
        old_value,
        old_symbol,
        new_vintage,
        new_value,
        new_symbol,
        new_value - old_value as change,
        submission_id,
        source_row
    from in_order
    where
        old_vintage is not null
        and (
            coalesce(new_symbol, '') <> coalesce(old_symbol, '')
            or new_value <> old_value
        )
)

select * from final
