{{ staging('school__school_census', 'termly_session_details_off_roll') }}
