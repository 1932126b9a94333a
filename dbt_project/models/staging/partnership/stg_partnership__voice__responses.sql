{{ staging('partnership__voice', 'responses') }}
