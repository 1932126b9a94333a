{{ staging('council__cin_census', 'assessment_factors') }}
