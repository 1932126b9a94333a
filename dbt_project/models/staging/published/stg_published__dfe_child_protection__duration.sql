{{ staging('published__dfe_child_protection', 'duration') }}
