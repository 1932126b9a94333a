{{ staging('council__ssda903', 'sw_episodes') }}
