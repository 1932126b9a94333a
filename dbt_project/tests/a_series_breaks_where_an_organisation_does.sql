{#- No contact of a hub from before it could have begun or after it must have ended: a series by hub breaks at the split. -#}
with

contacts as (
    select
        hub_id,
        cast(received_at as date) as contact_on
    from {{ ref('fct_contact') }}
),

organisations as (
    select * from {{ ref('dim_organisation') }}
),

out_of_its_time as (
    select
        contacts.hub_id,
        contacts.contact_on
    from contacts
    inner join organisations
        on contacts.hub_id = organisations.org_code
    where
        contacts.contact_on < organisations.valid_from_earliest
        or contacts.contact_on > organisations.valid_to_latest
)

select * from out_of_its_time
