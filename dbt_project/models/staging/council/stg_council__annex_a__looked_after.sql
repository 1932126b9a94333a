{{ staging('council__annex_a', 'looked_after') }}
