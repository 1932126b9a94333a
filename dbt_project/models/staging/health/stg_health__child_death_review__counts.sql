{{ staging('health__child_death_review', 'counts') }}
