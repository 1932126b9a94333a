{{ staging('council__annex_a', 'child_protection') }}
