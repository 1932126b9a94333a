with

persons as (
    select * from {{ ref('int_person_agency') }}
),

final as (
    select
        n_agencies,
        count(*) as n_children
    from persons
    group by n_agencies
)

select * from final
