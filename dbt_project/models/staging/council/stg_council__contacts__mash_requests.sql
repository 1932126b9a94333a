{{ staging('council__contacts', 'mash_requests') }}
