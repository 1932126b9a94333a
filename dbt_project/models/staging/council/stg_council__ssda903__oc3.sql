{{ staging('council__ssda903', 'oc3') }}
