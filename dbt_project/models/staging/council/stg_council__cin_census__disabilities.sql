{{ staging('council__cin_census', 'disabilities') }}
