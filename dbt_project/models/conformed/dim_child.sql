with

sightings as (
    select * from {{ ref('int_child_sighting') }}
),

children as (
    select * from {{ ref('stg_council__cin_census__children') }}
),

disabilities as (
    select * from {{ ref('stg_council__cin_census__disabilities') }}
),

tokens as (
    select * from {{ ref('bridge_child_token') }}
),

code_list as (
    select * from {{ ref('code_list') }}
),

disability_of_child as (
    select
        submission_id,
        parent_row,
        bool_or(disability <> 'NONE') as has_disability
    from disabilities
    where disability is not null
    group by submission_id, parent_row
),

disability_said as (
    select
        children.submission_id,
        children.source_table,
        children.source_row,
        disability_of_child.has_disability
    from children
    inner join disability_of_child
        on
            children.submission_id = disability_of_child.submission_id
            and children.source_row = disability_of_child.parent_row
),

-- A stand-in date of birth says nothing about age: the sender is told, and the next source is asked.
described as (
    select
        tokens.person_key,
        sightings.source,
        sightings.is_unborn,
        disability_said.has_disability,
        case
            when sightings.birth_month not in (cast('1900-01-01' as date), cast('1970-01-01' as date))
                then sightings.birth_month
        end as birth_month,
        case sightings.sex when 'M' then 'Male' when 'F' then 'Female' else 'Unknown' end as sex,
        coalesce(code_list.broad, 'Unknown') as ethnicity_broad,
        row_number() over (
            partition by tokens.person_key
            order by
                sightings.source_rank,
                sightings.period_end desc,
                sightings.received_at desc,
                sightings.submission_id desc,
                sightings.source_table,
                sightings.source_row
        ) as precedence
    from sightings
    inner join tokens
        on sightings.child_token = tokens.child_token
    left join disability_said
        on
            sightings.submission_id = disability_said.submission_id
            and sightings.source_table = disability_said.source_table
            and sightings.source_row = disability_said.source_row
    left join code_list
        on
            sightings.code_list = code_list.code_list
            and sightings.ethnicity = code_list.code
),

final as (
    select
        person_key,
        {{ first_known('birth_month', 'precedence') }} as birth_month,
        {{ first_known('birth_month', 'precedence') }} is null and bool_or(is_unborn) as is_unborn,
        coalesce({{ first_known('sex', 'precedence', unknown='Unknown') }}, 'Unknown') as sex,
        coalesce({{ first_known('ethnicity_broad', 'precedence', unknown='Unknown') }}, 'Unknown') as ethnicity_broad,
        {{ first_known('has_disability', 'precedence') }} as has_disability,
        min_by(source, precedence) as first_source
    from described
    group by person_key
)

select * from final
