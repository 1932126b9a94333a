with

population as (
    select * from {{ ref('stg_partnership__restraint__population') }}
),

-- One row a month, whatever day of it the sheet names.
monthly as (
    select
        *,
        {{ month_start(q("month")) }} as month_beginning
    from population
),

folded as (
    select *
    from monthly
    {{ newest_return_wins(['submitter', 'month_beginning']) }}
),

final as (
    select
        {{ hash_key(['submitter', 'month_beginning']) }} as secure_population_key,
        month_beginning,
        case when average_population between 0 and 118 then average_population end as average_population, -- more than the capacity cannot be
        case when capacity between 0 and 118 then capacity end as capacity,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
