{{ staging('council__csc_daily', 'disabilities') }}
