{{ staging('council__strategy_discussions', 'discussions') }}
