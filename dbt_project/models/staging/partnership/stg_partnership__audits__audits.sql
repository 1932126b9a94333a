{{ staging('partnership__audits', 'audits') }}
