with enquiries as (
    select * from {{ ref('fct_section47') }}
    where s47_start_date is not null
)

{{ indicator_record(
    'CP01', 'enquiries',
    key='rec.s47_key',
    event_date='rec.s47_start_date',
    in_denominator='false'
) }}
