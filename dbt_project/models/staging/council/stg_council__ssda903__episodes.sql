{{ staging('council__ssda903', 'episodes') }}
