{{ staging('school__school_census', 'addresses_off_roll') }}
