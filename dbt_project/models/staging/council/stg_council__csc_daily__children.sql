{{ staging('council__csc_daily', 'children') }}
