{{ staging('school__school_census', 'termly_session_details_on_roll') }}
