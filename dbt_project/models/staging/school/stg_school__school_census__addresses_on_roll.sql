{{ staging('school__school_census', 'addresses_on_roll') }}
