{{ staging('council__csc_daily', 'care_leavers') }}
