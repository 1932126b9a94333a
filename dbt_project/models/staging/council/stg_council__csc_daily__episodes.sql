{{ staging('council__csc_daily', 'episodes') }}
