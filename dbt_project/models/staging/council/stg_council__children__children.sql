{{ staging('council__children', 'children') }}
