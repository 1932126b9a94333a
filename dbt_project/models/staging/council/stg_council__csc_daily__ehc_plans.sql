{{ staging('council__csc_daily', 'ehc_plans') }}
