{{ staging('council__ssda903', 'ad1') }}
