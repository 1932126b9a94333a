{{ staging('partnership__restraint', 'population') }}
