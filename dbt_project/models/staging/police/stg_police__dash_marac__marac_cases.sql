{{ staging('police__dash_marac', 'marac_cases') }}
