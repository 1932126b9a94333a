{{ staging('council__annex_a', 'adopters') }}
