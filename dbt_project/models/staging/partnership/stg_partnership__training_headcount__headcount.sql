{{ staging('partnership__training_headcount', 'headcount') }}
