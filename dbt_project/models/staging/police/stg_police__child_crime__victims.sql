{{ staging('police__child_crime', 'victims') }}
