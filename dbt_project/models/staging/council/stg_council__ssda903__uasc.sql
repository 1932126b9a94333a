{{ staging('council__ssda903', 'uasc') }}
