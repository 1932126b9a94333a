{{ staging('council__private_fostering', 'visits') }}
