{{ staging('council__annex_a', 'early_help') }}
