{{ staging('partnership__assurance_returns', 'returns') }}
