{{ staging('council__csc_daily', 'assessments') }}
