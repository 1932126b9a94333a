{{ staging('council__csc_daily', 'assessment_factors') }}
