{{ staging('council__cin_census', 'cp_reviews') }}
