{{ staging('council__annex_a', 'adoption') }}
