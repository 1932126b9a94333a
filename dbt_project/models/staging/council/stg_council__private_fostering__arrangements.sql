{{ staging('council__private_fostering', 'arrangements') }}
