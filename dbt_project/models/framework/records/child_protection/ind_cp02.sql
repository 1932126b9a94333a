with as_of as (
    {{ data_as_of('council/cin_census') }}
),

enquiries as (
    select
        enquiry.*,
        -- A conference can follow up to 60 days later; before that nobody can know that there was none.
        {{ too_recent_days('enquiry.s47_start_date', 'as_of.as_of', 60) }} as is_too_recent
    from {{ ref('fct_section47') }} as enquiry
    left join as_of on enquiry.area_code = as_of.area_code
    where enquiry.s47_start_date is not null
)

{{ indicator_record(
    'CP02', 'enquiries',
    key='rec.s47_key',
    event_date='rec.s47_start_date',
    in_numerator='rec.icpc_date is not null',
    excluded_because="case when rec.is_too_recent then 'too recent to know' end"
) }}
