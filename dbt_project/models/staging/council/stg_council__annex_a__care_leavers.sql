{{ staging('council__annex_a', 'care_leavers') }}
