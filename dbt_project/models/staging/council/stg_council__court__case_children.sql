{{ staging('council__court', 'case_children') }}
