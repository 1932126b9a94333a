{{ config(materialized='table') }}

with

submissions as (
    select * from {{ ref('stg_pipeline__submissions') }}
),

-- A refused submission never replaces an accepted one.
final as (
    select *
    from submissions
    where status in ('accepted', 'partly_accepted')
    {{ latest_submission() }}
)

select * from final
