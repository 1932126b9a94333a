{{ staging('police__domestic_abuse', 'children') }}
