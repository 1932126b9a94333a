with

neighbours as (
    select * from {{ ref('stg_published__statistical_neighbours__neighbours') }}
),

areas as (
    select * from {{ ref('dim_area') }}
),

-- A reorganised authority keeps its number under a new ONS code (Somerset, North Yorkshire): the code that published files name last stands for it.
current_areas as (
    select area_code, la_code
    from areas
    where la_code is not null
    qualify row_number() over (partition by la_code order by coalesce(last_named_year, 9999) desc, area_code) = 1
),

newest as (
    select *
    from neighbours
    {{ newest_return_wins(['old_la_code']) }}
),

-- The published file is one wide row an authority; ten neighbours, the nearest first.
ranked as (
    {%- for rank in range(1, 11) %}
    select
        old_la_code,
        neighbour_{{ rank }} as neighbour_la_code,
        trim(neighbour_{{ rank }}_closeness) as closeness,
        {{ rank }} as rank,
        submission_id,
        source_table,
        source_row
    from newest
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

final as (
    select
        own.area_code,
        ranked.neighbour_la_code,
        theirs.area_code as neighbour_area_code,
        ranked.rank,
        ranked.closeness,
        ranked.submission_id,
        ranked.source_table,
        ranked.source_row
    from ranked
    inner join current_areas as own
        on ranked.old_la_code = own.la_code
    left join current_areas as theirs
        on ranked.neighbour_la_code = theirs.la_code
    where ranked.neighbour_la_code is not null
)

select * from final
