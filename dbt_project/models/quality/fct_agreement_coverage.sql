with

submissions as (
    select * from {{ ref('fct_submission') }}
    where is_current
),

-- Rows of erased persons are counted there too; they are rows, not a field that was supplied.
arrived as (
    select * from {{ ref('stg_pipeline__minimisation') }}
    where action <> 'erased'
),

agreed as (
    select distinct
        sender,
        extract_key,
        table_name,
        field_name,
        permission
    from {{ ref('agreement_field') }}
),

-- A date that is kept as its month counts in two places: what is stored here is one supply, so the larger count stands.
cells as (
    select
        submission_id,
        table_name,
        column_name as field_name,
        max(case when action in ('dropped', 'not_agreed') then 0 else cells end) as cells_supplied,
        sum(case when action in ('dropped', 'not_agreed') then cells else 0 end) as cells_refused
    from arrived
    group by submission_id, table_name, column_name
),

listed as (
    select
        submissions.submission_id,
        agreed.table_name,
        agreed.field_name,
        agreed.permission
    from submissions
    inner join agreed
        on
            submissions.submitter = agreed.sender
            and submissions.extract_key = agreed.extract_key
),

-- Every field of the agreement, whether it came or not, and every other column of the contract that came.
fields as (
    select
        coalesce(listed.submission_id, cells.submission_id) as submission_id,
        coalesce(listed.table_name, cells.table_name) as table_name,
        coalesce(listed.field_name, cells.field_name) as field_name,
        coalesce(listed.permission, 'NOT_AGREED') as permission,
        coalesce(cells.cells_supplied, 0) as cells_supplied,
        coalesce(cells.cells_refused, 0) as cells_refused
    from listed
    full outer join cells
        on
            listed.submission_id = cells.submission_id
            and listed.table_name = cells.table_name
            and listed.field_name = cells.field_name
),

-- Open data come under a licence that takes every column, so there is nothing to cover.
covered as (
    select distinct submission_id
    from listed
),

final as (
    select
        {{ hash_key(['fields.submission_id', 'fields.table_name', 'fields.field_name']) }} as agreement_coverage_key,
        submissions.submission_id,
        submissions.agency,
        submissions.extract_key,
        submissions.submitter,
        submissions.area_code,
        submissions.period,
        submissions.period_end,
        fields.table_name,
        fields.field_name,
        fields.permission,
        fields.permission in ('REQUIRED', 'OPTIONAL', 'LINKAGE_ONLY') as is_allowed,
        fields.permission in ('REQUIRED', 'OPTIONAL', 'LINKAGE_ONLY') and fields.cells_supplied > 0 as is_supplied,
        fields.cells_refused > 0 as is_refused,
        cast(fields.cells_supplied as bigint) as cells_supplied,
        cast(fields.cells_refused as bigint) as cells_refused
    from fields
    inner join covered
        on fields.submission_id = covered.submission_id
    inner join submissions
        on fields.submission_id = submissions.submission_id
)

select * from final
