{{ staging('council__gcp2', 'profiles') }}
