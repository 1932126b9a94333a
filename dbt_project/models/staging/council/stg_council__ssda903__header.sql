{{ staging('council__ssda903', 'header') }}
