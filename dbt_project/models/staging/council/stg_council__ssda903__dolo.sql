{{ staging('council__ssda903', 'dolo') }}
