{{ staging('council__ssda903', 'oc2') }}
