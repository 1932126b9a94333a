{{ staging('council__csc_daily', 'sdq_assessments') }}
