{{ staging('council__annex_a', 'assessments') }}
