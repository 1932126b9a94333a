-- Generated from contracts; do not edit.
with

council__annex_a__contacts as (
    select * from {{ ref('stg_council__annex_a__contacts') }}
),

council__annex_a__early_help as (
    select * from {{ ref('stg_council__annex_a__early_help') }}
),

council__annex_a__referrals as (
    select * from {{ ref('stg_council__annex_a__referrals') }}
),

council__annex_a__assessments as (
    select * from {{ ref('stg_council__annex_a__assessments') }}
),

council__annex_a__section47 as (
    select * from {{ ref('stg_council__annex_a__section47') }}
),

council__annex_a__children_in_need as (
    select * from {{ ref('stg_council__annex_a__children_in_need') }}
),

council__annex_a__child_protection as (
    select * from {{ ref('stg_council__annex_a__child_protection') }}
),

council__annex_a__looked_after as (
    select * from {{ ref('stg_council__annex_a__looked_after') }}
),

council__annex_a__care_leavers as (
    select * from {{ ref('stg_council__annex_a__care_leavers') }}
),

council__annex_a__adoption as (
    select * from {{ ref('stg_council__annex_a__adoption') }}
),

council__child_protection_activity__visits as (
    select * from {{ ref('stg_council__child_protection_activity__visits') }}
),

council__child_protection_activity__reviews as (
    select * from {{ ref('stg_council__child_protection_activity__reviews') }}
),

council__children__children as (
    select * from {{ ref('stg_council__children__children') }}
),

council__children_placed_here__notices as (
    select * from {{ ref('stg_council__children_placed_here__notices') }}
),

council__cin_census__children as (
    select * from {{ ref('stg_council__cin_census__children') }}
),

council__contacts__contacts as (
    select * from {{ ref('stg_council__contacts__contacts') }}
),

council__court__case_children as (
    select * from {{ ref('stg_council__court__case_children') }}
),

council__csc_daily__children as (
    select * from {{ ref('stg_council__csc_daily__children') }}
),

council__early_help__episodes as (
    select * from {{ ref('stg_council__early_help__episodes') }}
),

council__ehe_cme__spells as (
    select * from {{ ref('stg_council__ehe_cme__spells') }}
),

council__gcp2__profiles as (
    select * from {{ ref('stg_council__gcp2__profiles') }}
),

council__mace__discussions as (
    select * from {{ ref('stg_council__mace__discussions') }}
),

council__missing_and_return_interviews__episodes as (
    select * from {{ ref('stg_council__missing_and_return_interviews__episodes') }}
),

council__private_fostering__arrangements as (
    select * from {{ ref('stg_council__private_fostering__arrangements') }}
),

council__ssda903__header as (
    select * from {{ ref('stg_council__ssda903__header') }}
),

council__ssda903__episodes as (
    select * from {{ ref('stg_council__ssda903__episodes') }}
),

council__ssda903__uasc as (
    select * from {{ ref('stg_council__ssda903__uasc') }}
),

council__ssda903__oc2 as (
    select * from {{ ref('stg_council__ssda903__oc2') }}
),

council__ssda903__oc3 as (
    select * from {{ ref('stg_council__ssda903__oc3') }}
),

council__ssda903__ad1 as (
    select * from {{ ref('stg_council__ssda903__ad1') }}
),

council__ssda903__reviews as (
    select * from {{ ref('stg_council__ssda903__reviews') }}
),

council__ssda903__placed_adoption as (
    select * from {{ ref('stg_council__ssda903__placed_adoption') }}
),

council__ssda903__prev_perm as (
    select * from {{ ref('stg_council__ssda903__prev_perm') }}
),

council__ssda903__missing as (
    select * from {{ ref('stg_council__ssda903__missing') }}
),

council__ssda903__sw_episodes as (
    select * from {{ ref('stg_council__ssda903__sw_episodes') }}
),

council__ssda903__dolo as (
    select * from {{ ref('stg_council__ssda903__dolo') }}
),

council__strategy_discussions__discussions as (
    select * from {{ ref('stg_council__strategy_discussions__discussions') }}
),

health__camhs__referrals as (
    select * from {{ ref('stg_health__camhs__referrals') }}
),

health__emergency_department__attendances as (
    select * from {{ ref('stg_health__emergency_department__attendances') }}
),

health__health_visiting__reviews as (
    select * from {{ ref('stg_health__health_visiting__reviews') }}
),

health__looked_after_health_assessments__assessments as (
    select * from {{ ref('stg_health__looked_after_health_assessments__assessments') }}
),

health__maternity__bookings as (
    select * from {{ ref('stg_health__maternity__bookings') }}
),

health__was_not_brought__appointments as (
    select * from {{ ref('stg_health__was_not_brought__appointments') }}
),

police__child_crime__victims as (
    select * from {{ ref('stg_police__child_crime__victims') }}
),

police__custody__detentions as (
    select * from {{ ref('stg_police__custody__detentions') }}
),

police__dash_marac__marac_children as (
    select * from {{ ref('stg_police__dash_marac__marac_children') }}
),

police__domestic_abuse__children as (
    select * from {{ ref('stg_police__domestic_abuse__children') }}
),

police__missing_episodes__episodes as (
    select * from {{ ref('stg_police__missing_episodes__episodes') }}
),

police__nrm_referrals__referrals as (
    select * from {{ ref('stg_police__nrm_referrals__referrals') }}
),

police__operation_encompass__notices as (
    select * from {{ ref('stg_police__operation_encompass__notices') }}
),

police__police_protection__powers as (
    select * from {{ ref('stg_police__police_protection__powers') }}
),

police__protection_notices__notices as (
    select * from {{ ref('stg_police__protection_notices__notices') }}
),

school__school_census__pupil_on_roll as (
    select * from {{ ref('stg_school__school_census__pupil_on_roll') }}
),

school__school_census__pupil_no_longer_on_roll as (
    select * from {{ ref('stg_school__school_census__pupil_no_longer_on_roll') }}
),

school__school_census__termly_exclusions_on_roll as (
    select * from {{ ref('stg_school__school_census__termly_exclusions_on_roll') }}
),

school__school_census__termly_exclusions_off_roll as (
    select * from {{ ref('stg_school__school_census__termly_exclusions_off_roll') }}
),

school__school_census__termly_session_details_on_roll as (
    select * from {{ ref('stg_school__school_census__termly_session_details_on_roll') }}
),

school__school_census__termly_session_details_off_roll as (
    select * from {{ ref('stg_school__school_census__termly_session_details_off_roll') }}
),

school__school_census__addresses_on_roll as (
    select * from {{ ref('stg_school__school_census__addresses_on_roll') }}
),

school__school_census__addresses_off_roll as (
    select * from {{ ref('stg_school__school_census__addresses_off_roll') }}
),

final as (
    select
        child_token,
        cast(4 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'annex_a_ethnicity' as code_list,
        ethnicity
    from council__annex_a__contacts
    where child_token is not null
    union all
    select
        child_token,
        cast(4 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'annex_a_ethnicity' as code_list,
        ethnicity
    from council__annex_a__early_help
    where child_token is not null
    union all
    select
        child_token,
        cast(4 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'annex_a_ethnicity' as code_list,
        ethnicity
    from council__annex_a__referrals
    where child_token is not null
    union all
    select
        child_token,
        cast(4 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'annex_a_ethnicity' as code_list,
        ethnicity
    from council__annex_a__assessments
    where child_token is not null
    union all
    select
        child_token,
        cast(4 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'annex_a_ethnicity' as code_list,
        ethnicity
    from council__annex_a__section47
    where child_token is not null
    union all
    select
        child_token,
        cast(4 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'annex_a_ethnicity' as code_list,
        ethnicity
    from council__annex_a__children_in_need
    where child_token is not null
    union all
    select
        child_token,
        cast(4 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'annex_a_ethnicity' as code_list,
        ethnicity
    from council__annex_a__child_protection
    where child_token is not null
    union all
    select
        child_token,
        cast(4 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'annex_a_ethnicity' as code_list,
        ethnicity
    from council__annex_a__looked_after
    where child_token is not null
    union all
    select
        child_token,
        cast(4 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'annex_a_ethnicity' as code_list,
        ethnicity
    from council__annex_a__care_leavers
    where child_token is not null
    union all
    select
        child_token,
        cast(4 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'annex_a_ethnicity' as code_list,
        ethnicity
    from council__annex_a__adoption
    where child_token is not null
    union all
    select
        child_token,
        cast(4 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        cast(null as date) as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from council__child_protection_activity__visits
    where child_token is not null
    union all
    select
        child_token,
        cast(4 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        cast(null as date) as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from council__child_protection_activity__reviews
    where child_token is not null
    union all
    select
        child_token,
        cast(3 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        birth_date is null and expected_birth_date is not null as is_unborn,
        sex,
        'ethnicity' as code_list,
        ethnicity
    from council__children__children
    where child_token is not null
    union all
    select
        child_token,
        cast(4 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from council__children_placed_here__notices
    where child_token is not null
    union all
    select
        child_token,
        cast(1 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        birth_date is null and expected_birth_date is not null as is_unborn,
        sex,
        'ethnicity' as code_list,
        ethnicity
    from council__cin_census__children
    where child_token is not null
    union all
    select
        child_token,
        cast(4 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        cast(null as date) as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from council__contacts__contacts
    where child_token is not null
    union all
    select
        child_token,
        cast(4 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        cast(null as date) as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from council__court__case_children
    where child_token is not null
    union all
    select
        child_token,
        cast(2 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        birth_date is null and expected_birth_date is not null as is_unborn,
        sex,
        'ethnicity' as code_list,
        ethnicity
    from council__csc_daily__children
    where child_token is not null and not coalesce(is_purged, false)
    union all
    select
        child_token,
        cast(4 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        cast(null as date) as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from council__early_help__episodes
    where child_token is not null
    union all
    select
        child_token,
        cast(4 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from council__ehe_cme__spells
    where child_token is not null
    union all
    select
        child_token,
        cast(4 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        cast(null as date) as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from council__gcp2__profiles
    where child_token is not null
    union all
    select
        child_token,
        cast(4 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        cast(null as date) as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from council__mace__discussions
    where child_token is not null
    union all
    select
        child_token,
        cast(3 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'ethnicity' as code_list,
        ethnicity
    from council__missing_and_return_interviews__episodes
    where child_token is not null
    union all
    select
        child_token,
        cast(4 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        cast(null as date) as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from council__private_fostering__arrangements
    where child_token is not null
    union all
    select
        child_token,
        cast(2 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'ethnicity' as code_list,
        ethnicity
    from council__ssda903__header
    where child_token is not null
    union all
    select
        child_token,
        cast(2 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        cast(null as date) as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from council__ssda903__episodes
    where child_token is not null
    union all
    select
        child_token,
        cast(2 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from council__ssda903__uasc
    where child_token is not null
    union all
    select
        child_token,
        cast(2 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from council__ssda903__oc2
    where child_token is not null
    union all
    select
        child_token,
        cast(2 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from council__ssda903__oc3
    where child_token is not null
    union all
    select
        child_token,
        cast(2 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from council__ssda903__ad1
    where child_token is not null
    union all
    select
        child_token,
        cast(2 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from council__ssda903__reviews
    where child_token is not null
    union all
    select
        child_token,
        cast(2 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from council__ssda903__placed_adoption
    where child_token is not null
    union all
    select
        child_token,
        cast(2 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from council__ssda903__prev_perm
    where child_token is not null
    union all
    select
        child_token,
        cast(2 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from council__ssda903__missing
    where child_token is not null
    union all
    select
        child_token,
        cast(2 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from council__ssda903__sw_episodes
    where child_token is not null
    union all
    select
        child_token,
        cast(2 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from council__ssda903__dolo
    where child_token is not null
    union all
    select
        child_token,
        cast(4 as bigint) as source_rank,
        'council' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        cast(null as date) as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from council__strategy_discussions__discussions
    where child_token is not null
    union all
    select
        child_token,
        cast(5 as bigint) as source_rank,
        'health' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'nhs_ethnicity' as code_list,
        ethnicity
    from health__camhs__referrals
    where child_token is not null
    union all
    select
        child_token,
        cast(5 as bigint) as source_rank,
        'health' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'nhs_ethnicity' as code_list,
        ethnicity
    from health__emergency_department__attendances
    where child_token is not null
    union all
    select
        child_token,
        cast(5 as bigint) as source_rank,
        'health' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        birth_date is null and expected_birth_date is not null as is_unborn,
        sex,
        'nhs_ethnicity' as code_list,
        ethnicity
    from health__health_visiting__reviews
    where child_token is not null
    union all
    select
        child_token,
        cast(5 as bigint) as source_rank,
        'health' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'nhs_ethnicity' as code_list,
        ethnicity
    from health__looked_after_health_assessments__assessments
    where child_token is not null
    union all
    select
        child_token,
        cast(5 as bigint) as source_rank,
        'health' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        birth_date is null and expected_birth_date is not null as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from health__maternity__bookings
    where child_token is not null
    union all
    select
        child_token,
        cast(5 as bigint) as source_rank,
        'health' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'nhs_ethnicity' as code_list,
        ethnicity
    from health__was_not_brought__appointments
    where child_token is not null
    union all
    select
        child_token,
        cast(8 as bigint) as source_rank,
        'police' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'police_ethnicity' as code_list,
        ethnicity
    from police__child_crime__victims
    where child_token is not null
    union all
    select
        child_token,
        cast(8 as bigint) as source_rank,
        'police' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'police_ethnicity' as code_list,
        ethnicity
    from police__custody__detentions
    where child_token is not null
    union all
    select
        child_token,
        cast(8 as bigint) as source_rank,
        'police' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'police_ethnicity' as code_list,
        ethnicity
    from police__dash_marac__marac_children
    where child_token is not null
    union all
    select
        child_token,
        cast(8 as bigint) as source_rank,
        'police' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'police_ethnicity' as code_list,
        ethnicity
    from police__domestic_abuse__children
    where child_token is not null
    union all
    select
        child_token,
        cast(8 as bigint) as source_rank,
        'police' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'police_ethnicity' as code_list,
        ethnicity
    from police__missing_episodes__episodes
    where child_token is not null
    union all
    select
        child_token,
        cast(8 as bigint) as source_rank,
        'police' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'police_ethnicity' as code_list,
        ethnicity
    from police__nrm_referrals__referrals
    where child_token is not null
    union all
    select
        child_token,
        cast(8 as bigint) as source_rank,
        'police' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'police_ethnicity' as code_list,
        ethnicity
    from police__operation_encompass__notices
    where child_token is not null
    union all
    select
        child_token,
        cast(8 as bigint) as source_rank,
        'police' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'police_ethnicity' as code_list,
        ethnicity
    from police__police_protection__powers
    where child_token is not null
    union all
    select
        child_token,
        cast(8 as bigint) as source_rank,
        'police' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        'police_ethnicity' as code_list,
        ethnicity
    from police__protection_notices__notices
    where child_token is not null
    union all
    select
        child_token,
        cast(6 as bigint) as source_rank,
        'school' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from school__school_census__pupil_on_roll
    where child_token is not null
    union all
    select
        child_token,
        cast(6 as bigint) as source_rank,
        'school' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        birth_date as birth_month,
        false as is_unborn,
        sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from school__school_census__pupil_no_longer_on_roll
    where child_token is not null
    union all
    select
        child_token,
        cast(6 as bigint) as source_rank,
        'school' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        cast(null as date) as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from school__school_census__termly_exclusions_on_roll
    where child_token is not null
    union all
    select
        child_token,
        cast(6 as bigint) as source_rank,
        'school' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        cast(null as date) as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from school__school_census__termly_exclusions_off_roll
    where child_token is not null
    union all
    select
        child_token,
        cast(6 as bigint) as source_rank,
        'school' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        cast(null as date) as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from school__school_census__termly_session_details_on_roll
    where child_token is not null
    union all
    select
        child_token,
        cast(6 as bigint) as source_rank,
        'school' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        cast(null as date) as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from school__school_census__termly_session_details_off_roll
    where child_token is not null
    union all
    select
        child_token,
        cast(6 as bigint) as source_rank,
        'school' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        cast(null as date) as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from school__school_census__addresses_on_roll
    where child_token is not null
    union all
    select
        child_token,
        cast(6 as bigint) as source_rank,
        'school' as source,
        period_end,
        received_at,
        submission_id,
        source_table,
        source_row,
        cast(null as date) as birth_month,
        false as is_unborn,
        cast(null as string) as sex,
        cast(null as string) as code_list,
        cast(null as string) as ethnicity
    from school__school_census__addresses_off_roll
    where child_token is not null
)

select * from final
