with

case_children as (
    select * from {{ ref('fct_court_case_child') }}
),

-- Brothers and sisters share a case. It begins with the first of them and is over when the last has a final order.
cases as (
    select
        court_case_key,
        area_code,
        count(*) as children,
        min(pre_proceedings_on) as pre_proceedings_on,
        min(issued_on) as issued_on,
        count(distinct issued_on) > 1 as has_several_issue_dates,
        max(disposed_on) as last_disposed_on,
        count(disposed_on) as children_disposed,
        min(court_case_child_key) as first_child_key
    from case_children
    group by court_case_key, area_code
),

final as (
    select
        cases.court_case_key,
        cases.area_code,
        cases.children,
        cases.pre_proceedings_on,
        cases.issued_on,
        case when cases.children_disposed = cases.children then cases.last_disposed_on end as disposed_on,
        cases.has_several_issue_dates,
        case
            when cases.children_disposed = cases.children
                then {{ days_between('cases.issued_on', 'cases.last_disposed_on') }}
        end as days_to_disposal,
        case_children.submission_id,
        case_children.source_table,
        case_children.source_row
    from cases
    inner join case_children
        on cases.first_child_key = case_children.court_case_child_key
)

select * from final
