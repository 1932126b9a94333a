{{ staging('council__annex_a', 'referrals') }}
