with

registered as (
    select * from {{ ref('fct_sharing_permission') }}
),

-- The examples' agreement is for tests only; no office registers it.
enforced as (
    select * from {{ ref('agreement_field') }}
    where purpose <> 'testing'
),

paired as (
    select
        coalesce(registered.sender, enforced.sender) as sender,
        coalesce(registered.extract_key, enforced.extract_key) as extract_key,
        coalesce(registered.table_name, enforced.table_name) as table_name,
        coalesce(registered.field_name, enforced.field_name) as field_name,
        coalesce(registered.purpose, enforced.purpose) as purpose,
        registered.permission as registered_permission,
        enforced.permission as enforced_permission,
        registered.starts_on as registered_from,
        cast(enforced.starts_on as date) as enforced_from,
        registered.ends_on as registered_to,
        cast(enforced.ends_on as date) as enforced_to,
        registered.agreement_ref as registered_agreement,
        enforced.agreement_id as enforced_agreement
    from registered
    full outer join enforced
        on
            registered.sender = enforced.sender
            and registered.extract_key = enforced.extract_key
            and registered.table_name = enforced.table_name
            and registered.field_name = enforced.field_name
            and registered.purpose = enforced.purpose
),

-- What the register does not list but the machine lets in is the gravest: it is taken in without a paper.
final as (
    select
        {{ hash_key(['sender', 'extract_key', 'table_name', 'field_name', 'purpose']) }} as sharing_key,
        *,
        case
            when registered_permission is null and enforced_permission = 'PROHIBITED' then 'same'
            when registered_permission is null then 'only_enforced'
            when enforced_permission is null and registered_permission = 'PROHIBITED' then 'same'
            when enforced_permission is null then 'only_registered'
            when registered_permission <> enforced_permission then 'permission_differs'
            when
                registered_from <> enforced_from
                or coalesce(registered_to, date '9999-12-31') <> coalesce(enforced_to, date '9999-12-31')
                then 'dates_differ'
            else 'same'
        end as finding
    from paired
)

select * from final
