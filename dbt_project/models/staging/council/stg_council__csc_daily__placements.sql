{{ staging('council__csc_daily', 'placements') }}
