{{ staging('school__school_census', 'pupil_on_roll') }}
