{{ staging('published__hospital_admissions', 'admissions') }}
