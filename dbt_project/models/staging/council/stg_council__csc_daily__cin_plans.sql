{{ staging('council__csc_daily', 'cin_plans') }}
