{{ staging('council__cin_census', 'children') }}
