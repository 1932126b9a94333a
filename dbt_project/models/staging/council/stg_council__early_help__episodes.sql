{{ staging('council__early_help', 'episodes') }}
