with schools as (
    {{ schools_in_scope() }}
)

{{ indicator_record(
    'ED01', 'schools',
    key="concat(rec.academic_year, ':', rec.area_code, ':', rec.school_urn)",
    event_date='rec.final_deadline',
    person_key=none,
    in_numerator='cast(rec.first_submitted_at as date) <= rec.final_deadline'
) }}
