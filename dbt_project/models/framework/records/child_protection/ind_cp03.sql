with conferences as (
    select * from {{ ref('fct_section47') }}
    where icpc_date is not null
)

-- Fifteen working days count from the start of the section 47 enquiry, not from the referral.
{{ indicator_record(
    'CP03', 'conferences',
    key='rec.s47_key',
    event_date='rec.icpc_date',
    in_numerator='rec.working_days_to_icpc between 0 and 15'
) }}
