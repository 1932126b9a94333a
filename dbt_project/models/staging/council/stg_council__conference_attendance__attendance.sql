{{ staging('council__conference_attendance', 'attendance') }}
