{{ staging('partnership__training_evaluation', 'evaluations') }}
