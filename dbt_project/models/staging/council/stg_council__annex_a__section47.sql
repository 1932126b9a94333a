{{ staging('council__annex_a', 'section47') }}
