{{ staging('school__school_census', 'termly_exclusions_off_roll') }}
