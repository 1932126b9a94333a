{{ staging('school__school_census', 'termly_exclusions_on_roll') }}
