{{ staging('council__mace', 'discussions') }}
