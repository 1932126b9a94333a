{{ staging('police__custody', 'detentions') }}
