{{ staging('health__admissions', 'counts') }}
