{{ staging('council__csc_daily', 'adoptions') }}
