{{ staging('partnership__escalations', 'escalations') }}
