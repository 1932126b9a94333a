{{ staging('school__school_register', 'schools') }}
