{{ staging('partnership__budget_contributions', 'contributions') }}
