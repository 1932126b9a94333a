{{ staging('school__school_census', 'pupil_no_longer_on_roll') }}
