{{ staging('council__csc_daily', 'section47') }}
