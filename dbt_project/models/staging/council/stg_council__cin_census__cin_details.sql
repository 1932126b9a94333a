{{ staging('council__cin_census', 'cin_details') }}
