{{ staging('council__csc_daily', 'cp_plans') }}
