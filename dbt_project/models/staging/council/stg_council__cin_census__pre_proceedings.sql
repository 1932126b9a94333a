{{ staging('council__cin_census', 'pre_proceedings') }}
