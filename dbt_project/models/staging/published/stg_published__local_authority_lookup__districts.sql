{{ staging('published__local_authority_lookup', 'districts') }}
