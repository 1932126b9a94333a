{{ staging('council__ssda903', 'reviews') }}
