{{ staging('partnership__restraint', 'incidents') }}
