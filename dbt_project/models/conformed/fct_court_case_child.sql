with

case_children as (
    select * from {{ ref('stg_council__court__case_children') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

identified as (
    select
        case_children.*,
        tokens.person_key
    from case_children
    left join tokens
        on case_children.child_token = tokens.child_token
),

folded as (
    select *
    from identified
    {{ newest_return_wins(['area_code', 'case_no', 'person_key']) }}
),

final as (
    select
        {{ hash_key(['area_code', 'case_no', 'person_key']) }} as court_case_child_key,
        {{ hash_key(['area_code', 'case_no']) }} as court_case_key,
        person_key,
        area_code,
        pre_proceedings_on,
        issued_on,
        disposed_on,
        outcome,
        recorded_on,
        {{ days_between('issued_on', 'disposed_on') }} as days_to_disposal,
        submission_id,
        source_table,
        source_row
    from folded
)

select * from final
