{{ staging('council__social_work_workforce', 'vacancies') }}
