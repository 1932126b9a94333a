{{ staging('school__safeguarding_return', 'returns') }}
