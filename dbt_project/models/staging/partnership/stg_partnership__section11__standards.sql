{{ staging('partnership__section11', 'standards') }}
