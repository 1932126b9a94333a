{{ staging('school__safeguarding_return', 'responses') }}
