{{ staging('council__ssda903', 'placed_adoption') }}
