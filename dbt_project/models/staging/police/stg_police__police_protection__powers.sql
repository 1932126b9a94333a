{{ staging('police__police_protection', 'powers') }}
