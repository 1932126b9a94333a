{{ staging('health__safeguarding_workforce', 'levels') }}
