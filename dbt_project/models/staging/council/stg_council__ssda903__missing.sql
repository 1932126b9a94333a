{{ staging('council__ssda903', 'missing') }}
