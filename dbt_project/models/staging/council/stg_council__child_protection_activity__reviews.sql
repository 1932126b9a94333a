{{ staging('council__child_protection_activity', 'reviews') }}
