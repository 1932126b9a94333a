{{ staging('council__cin_census', 'assessments') }}
