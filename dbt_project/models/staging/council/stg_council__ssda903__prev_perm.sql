{{ staging('council__ssda903', 'prev_perm') }}
