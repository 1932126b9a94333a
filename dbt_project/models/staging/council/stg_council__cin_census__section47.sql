{{ staging('council__cin_census', 'section47') }}
